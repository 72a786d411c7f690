#!/usr/bin/env python3
"""Renders the chart in every shape under helm/accolade/ci and checks what comes out.

Needs `helm` on the PATH (or in $HELM) and the Python packages kubernetes-validate and PyYAML.
"""

import os
import pathlib
import subprocess
import sys

import kubernetes_validate
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "accolade"
HELM = os.environ.get("HELM", "helm")
ROLES = ["registry", "association", "competency", "incentive", "gateway"]
OLDEST, NEWEST = "1.30", "1.37"

failures = []


def expect(holds, message):
    if not holds:
        failures.append(message)


def helm(*arguments):
    return subprocess.run([HELM, *arguments], capture_output=True, text=True)


def rendered(values, *more):
    done = helm("template", "suite", str(CHART), "--kube-version", "1.31.0", "--values", str(values), *more)
    if done.returncode:
        raise SystemExit(f"{values.name}: helm template failed\n{done.stderr}")
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def refused(sentence, *settings):
    done = helm("template", "suite", str(CHART), "--kube-version", "1.31.0", *settings)
    expect(done.returncode != 0 and sentence in done.stderr, f"not refused with `{sentence}`: {settings}\n{done.stderr}")


def pods(documents):
    for document in documents:
        if document["kind"] in ("Deployment", "Job"):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def check_restricted(name, pod):
    """The restricted pod security standard, and what we ask beyond it."""
    security = pod.get("securityContext", {})
    expect(security.get("runAsNonRoot") is True, f"{name}: may run as root")
    expect(security.get("seccompProfile", {}).get("type") == "RuntimeDefault", f"{name}: no seccomp profile")
    expect(pod.get("automountServiceAccountToken") is False, f"{name}: mounts a token")
    expect(pod.get("enableServiceLinks") is False, f"{name}: service links")
    for container in pod["containers"]:
        own = container.get("securityContext", {})
        expect(own.get("allowPrivilegeEscalation") is False, f"{name}: privilege escalation")
        expect(own.get("readOnlyRootFilesystem") is True, f"{name}: writable root")
        expect(own.get("capabilities", {}).get("drop") == ["ALL"], f"{name}: capabilities")


def check_schemas(shape, documents):
    for version in (OLDEST, NEWEST):
        for document in documents:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                failures.append(f"{shape}: {document['kind']} against {version}: {error.message}")


def environment(container):
    return {entry["name"]: entry for entry in container["env"]}


def check_default(documents):
    deployments = {d["metadata"]["labels"]["app.kubernetes.io/component"]: d for d in documents if d["kind"] == "Deployment"}
    expect(sorted(deployments) == sorted(ROLES), f"deployments: {sorted(deployments)}")
    secrets = set()
    for role, deployment in deployments.items():
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        expect(container["args"] == ["serve", role], f"{role}: runs {container['args']}")
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            expect(container[probe].get("grpc", {}).get("port") == 7401, f"{role}: {probe} is not a gRPC probe on the admin port")
        expect(container["livenessProbe"]["grpc"]["service"] == "liveness", f"{role}: liveness asks for more than life")
        variables = environment(container)
        for peer in ROLES:
            expect((f"ACCOLADE_PEERS__{peer.upper()}" in variables) == (peer != role), f"{role}: peer {peer}")
        if role == "gateway":
            expect("ACCOLADE_DATABASE__URL" not in variables, "the gateway has no database")
        else:
            secrets.add(variables["ACCOLADE_DATABASE__URL"]["valueFrom"]["secretKeyRef"]["name"])
        grace = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        expect(grace == 5 + 25 + 5, f"{role}: grace period {grace}")
    expect(len(secrets) == 4, f"a database secret per service: {secrets}")
    jobs = [d for d in documents if d["kind"] == "Job"]
    expect(len(jobs) == 4, f"{len(jobs)} migration jobs")
    for job in jobs:
        annotations = job["metadata"].get("annotations", {})
        expect(not any(key.startswith("helm.sh/hook") for key in annotations), "a migration is a hook")


def check_peers_reachable(shape, documents):
    """Every address that a pod is configured with is let through by the policies."""
    policies = {d["metadata"]["labels"]["app.kubernetes.io/component"]: d for d in documents if d["kind"] == "NetworkPolicy"}
    services = {d["metadata"]["name"]: d for d in documents if d["kind"] == "Service"}
    for document in documents:
        if document["kind"] != "Deployment" or not policies:
            continue
        role = document["metadata"]["labels"]["app.kubernetes.io/component"]
        egress = {port["port"] for rule in policies[role]["spec"]["egress"] for port in rule["ports"]}
        for entry in document["spec"]["template"]["spec"]["containers"][0]["env"]:
            if entry["name"].startswith("ACCOLADE_PEERS__"):
                host, port = entry["value"].removeprefix("http://").rsplit(":", 1)
                expect(host in services, f"{shape}: {role} calls {host}, which is no Service")
                expect(int(port) in egress, f"{shape}: {role} may not leave on port {port}")
            if entry["name"] == "OTEL_EXPORTER_OTLP_ENDPOINT":
                expect(int(entry["value"].rsplit(":", 1)[1]) in egress, f"{shape}: {role} cannot send traces")


def check_job_names_change():
    shape = CHART / "ci" / "default-values.yaml"
    names = lambda *more: {d["metadata"]["name"] for d in rendered(shape, *more) if d["kind"] == "Job"}
    expect(names() == names(), "job names are not stable")
    expect(not names() & names("--set", "image.tag=next"), "a new image keeps the old jobs")


def check_merge_keeps_zero():
    documents = rendered(CHART / "ci" / "partial-values.yaml")
    replicas = {d["metadata"]["labels"]["app.kubernetes.io/component"]: d["spec"]["replicas"] for d in documents if d["kind"] == "Deployment"}
    expect(replicas == {"registry": 0, "gateway": 2}, f"partial: {replicas}")
    expect(not [d for d in documents if d["kind"] in ("Job", "NetworkPolicy")], "partial: rendered what is off")


def main():
    shapes = sorted((CHART / "ci").glob("*-values.yaml"))
    for shape in shapes:
        linted = helm("lint", "--strict", str(CHART), "--values", str(shape))
        expect(linted.returncode == 0, f"{shape.name}: lint\n{linted.stdout}{linted.stderr}")
        documents = rendered(shape)
        check_schemas(shape.name, documents)
        check_peers_reachable(shape.name, documents)
        for name, pod in pods(documents):
            check_restricted(f"{shape.name}: {name}", pod)
    check_default(rendered(CHART / "ci" / "default-values.yaml"))
    check_job_names_change()
    check_merge_keeps_zero()
    refused("Set callerKey.existingSecret")
    refused("Set services.association.database.existingSecret", "--set", "callerKey.existingSecret=k")
    refused("replica", "--values", str(shapes[0]), "--set", "defaults.replica=3")
    if failures:
        print("\n".join(failures), file=sys.stderr)
        raise SystemExit(f"chart: {len(failures)} findings")
    print(f"chart: {len(shapes)} shapes rendered, checked against Kubernetes {OLDEST} and {NEWEST}")


main()
