"""Tells the demo's story with a client generated from the protos, and compares the result.

The suite runs on today's clock, so what customers decided in September 2024 is entered by vendor staff as a
correction, with a reason. Everything else is what any client would do. The result must be the demo's, to the
last digit: the hash is over documents, facts and results, never over who sent them or when they were recorded.
"""

import argparse
import csv
import json
import pathlib
import sys
import time
from datetime import datetime, timezone

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, decimal_pb2

from accolade.association.v1 import (
    association_pb2,
    association_service_pb2,
    association_service_pb2_grpc,
    customer_pb2,
    customer_service_pb2,
    customer_service_pb2_grpc,
    seat_count_pb2,
    seat_count_service_pb2,
    seat_count_service_pb2_grpc,
    subscription_pb2,
    subscription_service_pb2,
    subscription_service_pb2_grpc,
    transaction_pb2,
    transaction_service_pb2,
    transaction_service_pb2_grpc,
    usage_pb2,
    usage_service_pb2,
    usage_service_pb2_grpc,
)
from accolade.competency.v1 import tier_service_pb2, tier_service_pb2_grpc
from accolade.gateway.v1 import flow_service_pb2, flow_service_pb2_grpc
from accolade.incentive.v1 import period_service_pb2, period_service_pb2_grpc
from accolade.registry.v1 import (
    agreement_pb2,
    agreement_service_pb2,
    agreement_service_pb2_grpc,
    bundle_service_pb2,
    bundle_service_pb2_grpc,
    certification_service_pb2,
    certification_service_pb2_grpc,
    compliance_pb2,
    compliance_service_pb2,
    compliance_service_pb2_grpc,
    enrollment_pb2,
    enrollment_service_pb2,
    enrollment_service_pb2_grpc,
    learner_pb2,
    learner_service_pb2,
    learner_service_pb2_grpc,
    partner_pb2,
    partner_service_pb2,
    partner_service_pb2_grpc,
)

PERIOD = "periods/2024-09"
END_OF_PERIOD = "2024-09-30T23:59:59.999999Z"
BATCH = 500


def moment(text):
    """A time of a table as a timestamp; nothing for an empty cell."""
    if not text:
        return None
    when = datetime.fromisoformat(text.replace(" ", "T").replace("Z", "+00:00"))
    stamp = Timestamp()
    stamp.FromDatetime((when if when.tzinfo else when.replace(tzinfo=timezone.utc)).astimezone(timezone.utc))
    return stamp


def day(text):
    """A date of a table; nothing for an empty cell."""
    if not text:
        return None
    year, month, of_month = text.split("-")
    return date_pb2.Date(year=int(year), month=int(month), day=int(of_month))


def number(text):
    """An exact number as it is written; nothing for an empty cell or NULL."""
    return None if text in ("", "NULL") else decimal_pb2.Decimal(value=text)


def once(call, request):
    """Calls, and takes ALREADY_EXISTS for success: business keys make the story repeatable."""
    try:
        return call(request)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.ALREADY_EXISTS:
            raise
        return None


class Story:
    """The suite, and the files the story is made from."""

    def __init__(self, channel, finance, programs):
        self.channel = channel
        self.finance = finance
        self.programs = programs
        self.workloads = {}

    def table(self, name):
        with open(self.programs / "data" / name, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def publish_documents(self):
        documents = []
        for path in sorted(self.programs.rglob("*.yaml")):
            if path.name.endswith("tests.yaml") or "tests" in path.relative_to(self.programs).parts:
                continue
            name = str(path.relative_to(self.programs.parent))
            documents.append(flow_service_pb2.Document(path=name, text=path.read_text(encoding="utf-8")))
        flows = flow_service_pb2_grpc.FlowServiceStub(self.channel)
        request = flow_service_pb2.ApplyBundleRequest(documents=documents)
        applied = flows.ApplyBundle(request)
        if applied.bundle_proposal:
            # Somebody else than the proposer must agree before the documents take effect.
            reviewer = bundle_service_pb2_grpc.BundleServiceStub(self.finance)
            reviewer.ApproveBundleProposal(
                bundle_service_pb2.ApproveBundleProposalRequest(name=applied.bundle_proposal)
            )
            applied = flows.ApplyBundle(request)
        return applied.bundle_hash

    def register_partners(self):
        agreements = agreement_service_pb2_grpc.AgreementServiceStub(self.channel)
        once(
            agreements.CreateAgreement,
            agreement_service_pb2.CreateAgreementRequest(
                agreement_id="marketplace-2024",
                agreement=agreement_pb2.Agreement(
                    code="marketplace-2024",
                    version="1",
                    display_name="Marketplace agreement 2024",
                    offer_time=moment("2023-12-01T00:00:00Z"),
                ),
            ),
        )
        for row in self.table("partners.csv"):
            self.register_partner(row, agreements)

    def register_partner(self, row, agreements):
        partners = partner_service_pb2_grpc.PartnerServiceStub(self.channel)
        name = f"partners/{row['partner']}"
        types = [
            partner_pb2.BusinessType.Value("BUSINESS_TYPE_" + word.upper().replace("-", "_"))
            for word in row["business_types"].split()
        ]
        partner = partner_pb2.Partner(
            display_name=row["display_name"],
            global_account=f"partners/{row['global_account']}" if row["global_account"] else "",
            business_types=types,
            region_code=row["region_code"],
            tax_id=row["tax_id"],
            domain=row["domain"],
            origin=partner_pb2.Partner.Origin.Value("ORIGIN_" + row["origin"].upper()),
        )
        created = once(
            partners.CreatePartner,
            partner_service_pb2.CreatePartnerRequest(partner_id=row["partner"], partner=partner),
        )
        if created is not None and row["origin"] == "application" and row["state"] != "applied":
            partners.ReviewPartner(partner_service_pb2.ReviewPartnerRequest(name=name))
            if row["state"] == "active":
                partners.ApprovePartner(partner_service_pb2.ApprovePartnerRequest(name=name))
        if row["agreement"]:
            acceptance = agreement_pb2.AgreementAcceptance(
                agreement=f"agreements/{row['agreement']}", sign_time=moment(row["agreement_signed"])
            )
            once(
                agreements.CreateAgreementAcceptance,
                agreement_service_pb2.CreateAgreementAcceptanceRequest(
                    parent=name, agreement_acceptance=acceptance, agreement_acceptance_id=row["agreement"]
                ),
            )
        if row["program"]:
            enrollment = enrollment_pb2.Enrollment(
                program=row["program"],
                start_time=moment(row["enrolled"]),
                anniversary_date=day(row["anniversary"]),
                fee_paid_time=moment(row["fee_paid"]),
            )
            once(
                enrollment_service_pb2_grpc.EnrollmentServiceStub(self.channel).CreateEnrollment,
                enrollment_service_pb2.CreateEnrollmentRequest(
                    parent=name, enrollment=enrollment, enrollment_id=row["program"].replace("/", "-")
                ),
            )
        for word in row["compliance"].split():
            kind, code, since = word.split(":")
            fact = compliance_pb2.ComplianceFact(
                kind=compliance_pb2.ComplianceFact.Kind.Value("KIND_" + kind.upper()),
                code=code,
                effective_time=moment(f"{since}T00:00:00Z"),
            )
            once(
                compliance_service_pb2_grpc.ComplianceServiceStub(self.channel).CreateComplianceFact,
                compliance_service_pb2.CreateComplianceFactRequest(
                    parent=name, compliance_fact=fact, compliance_fact_id=f"{code}-{since}"
                ),
            )

    def register_people(self):
        learners = learner_service_pb2_grpc.LearnerServiceStub(self.channel)
        certifications = certification_service_pb2_grpc.CertificationServiceStub(self.channel)
        for row in self.table("people.csv"):
            parent = f"learners/{row['learner']}"
            learner = learner_pb2.Learner(display_name=row["display_name"], email=row["email"])
            once(
                learners.CreateLearner,
                learner_service_pb2.CreateLearnerRequest(learner_id=row["learner"], learner=learner),
            )
            link = learner_pb2.LearnerLink(partner=f"partners/{row['partner']}", start_time=moment(row["linked"]))
            once(
                learners.CreateLearnerLink,
                learner_service_pb2.CreateLearnerLinkRequest(
                    parent=parent, learner_link=link, learner_link_id=row["partner"]
                ),
            )
            certification = learner_pb2.Certification(
                exam=row["exam"], earn_time=moment(row["earned"]), lapse_time=moment(row["expires"])
            )
            once(
                certifications.CreateCertification,
                certification_service_pb2.CreateCertificationRequest(
                    parent=parent,
                    certification=certification,
                    certification_id=f"{row['exam']}-{row['earned'][:10]}",
                ),
            )

    def register_customers(self):
        customers = customer_service_pb2_grpc.CustomerServiceStub(self.channel)
        subscriptions = subscription_service_pb2_grpc.SubscriptionServiceStub(self.channel)
        seats = seat_count_service_pb2_grpc.SeatCountServiceStub(self.channel)
        for row in self.table("subscriptions.csv"):
            parent = f"customers/{row['customer']}"
            once(
                customers.CreateCustomer,
                customer_service_pb2.CreateCustomerRequest(
                    customer_id=row["customer"],
                    customer=customer_pb2.Customer(
                        display_name=row["customer_name"], region_code=row["region_code"]
                    ),
                ),
            )
            subscription = subscription_pb2.Subscription(
                external_source=row["external_source"],
                external_id=row["external_id"],
                product=row["product"],
                offer_type=row["offer_type"],
                workloads=row["workloads"].split(),
                motion=row["motion"],
                agreement_type=row["agreement_type"],
                term=row["term"],
                currency_code=row["currency"],
                start_time=moment(row["start"]),
                renewal_date=day(row["renewal"]),
            )
            once(
                subscriptions.CreateSubscription,
                subscription_service_pb2.CreateSubscriptionRequest(
                    parent=parent, subscription=subscription, subscription_id=row["subscription"]
                ),
            )
            count = seat_count_pb2.SeatCount(
                seat_count=number(row["seats"]),
                start_time=moment(row["start"]),
                source="import",
                external_id=f"{parent}/subscriptions/{row['subscription']}/start",
            )
            once(
                seats.CreateSeatCount,
                seat_count_service_pb2.CreateSeatCountRequest(
                    parent=f"{parent}/subscriptions/{row['subscription']}", seat_count=count, seat_count_id="start"
                ),
            )

    def wait_for_registry(self):
        """Association knows partners and documents a moment after registry does."""
        subscriptions = subscription_service_pb2_grpc.SubscriptionServiceStub(self.channel)
        known = {row["partner"] for row in self.table("designations.csv") + self.table("associations.csv")}
        for partner in sorted(known - {""}):
            request = subscription_service_pb2.DesignatePartnerRequest(
                name="customers/atlas/subscriptions/aws-atlas-orion",
                partner=f"partners/{partner}",
                reason="does association know this partner?",
                validate_only=True,
            )
            for attempt in range(600):
                try:
                    subscriptions.DesignatePartner(request)
                    break
                except grpc.RpcError as error:
                    waits = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION)
                    if attempt == 599 or error.code() not in waits:
                        raise
                    time.sleep(0.05)

    def associate(self):
        self.wait_for_registry()
        associations = association_service_pb2_grpc.AssociationServiceStub(self.channel)
        for row in self.table("associations.csv"):
            parent = f"customers/{row['customer']}"
            if row["subscription"]:
                parent += f"/subscriptions/{row['subscription']}"
            association = association_pb2.Association(
                kind=row["kind"],
                partner=f"partners/{row['partner']}",
                workload=row["workload"],
                start_time=moment(row["start"]),
                source=row["source"],
                evidence=row["evidence"],
            )
            once(
                associations.CreateAssociation,
                association_service_pb2.CreateAssociationRequest(
                    parent=parent, association=association, association_id=row["association"]
                ),
            )
        transactions = transaction_service_pb2_grpc.TransactionServiceStub(self.channel)
        for row in self.table("transactions.csv"):
            parent = f"customers/{row['customer']}"
            reverses = f"{parent}/transactions/{row['reverses']}" if row["reverses"] else ""
            transaction = transaction_pb2.Transaction(
                source=row["source"],
                external_id=row["transaction"],
                kind=row["kind"],
                partner=f"partners/{row['partner']}",
                subscription=f"{parent}/subscriptions/{row['subscription']}",
                workload=row["workload"],
                transaction_time=moment(row["time"]),
                amount=number(row["amount"]),
                currency_code=row["currency"],
                seat_count=number(row["seats"]),
                reversed_transaction=reverses,
            )
            once(
                transactions.CreateTransaction,
                transaction_service_pb2.CreateTransactionRequest(
                    parent=parent, transaction=transaction, transaction_id=row["transaction"]
                ),
            )

    def correct_designations(self):
        """What the customers' owners decided then, entered by staff now."""
        subscriptions = subscription_service_pb2_grpc.SubscriptionServiceStub(self.channel)
        for row in sorted(self.table("designations.csv"), key=lambda row: row["at"]):
            name = f"customers/{row['customer']}/subscriptions/{row['subscription']}"
            reason = row["reason"] or "entered from the customer's letter"
            if row["partner"]:
                request = subscription_service_pb2.DesignatePartnerRequest(
                    name=name, partner=f"partners/{row['partner']}", effective_time=moment(row["at"]), reason=reason
                )
                subscriptions.DesignatePartner(request)
            else:
                request = subscription_service_pb2.RemoveDesignationRequest(
                    name=name, effective_time=moment(row["at"]), reason=reason
                )
                subscriptions.RemoveDesignation(request)

    def import_bill(self):
        stub = usage_service_pb2_grpc.UsageServiceStub(self.channel)
        taken = 0
        for answer in stub.IngestUsage(self.batches()):
            if answer.refused_count:
                refused = [result for result in answer.results if result.reason]
                raise SystemExit(f"usage was refused: {refused[0]}")
            taken += answer.accepted_count + answer.known_count
        return taken

    def batches(self):
        rows = self.table("bill-2024-09.focus.csv")
        for sequence, start in enumerate(range(0, len(rows), BATCH), 1):
            # The bill has no equal rows, so the place in the file will do as an id here.
            records = [self.record(at, row) for at, row in enumerate(rows[start : start + BATCH], start)]
            yield usage_service_pb2.IngestUsageRequest(source="python", sequence=sequence, usage_records=records)

    def record(self, at, row):
        consumed = row["ConsumedQuantity"] != "NULL"
        quantity, unit = ("ConsumedQuantity", "ConsumedUnit") if consumed else ("PricingQuantity", "PricingUnit")
        return usage_pb2.UsageRecord(
            record_id=f"row-{at}",
            external_source=row["ProviderName"].lower(),
            external_id=row["SubAccountId"],
            workload=self.workloads.get((row["ProviderName"], row["ServiceName"]), ""),
            meter=row["ServiceName"],
            meter_kind=usage_pb2.METER_KIND_FLOW,
            start_time=moment(row["ChargePeriodStart"]),
            end_time=moment(row["ChargePeriodEnd"]),
            quantity=number(row[quantity]),
            unit="" if row[unit] == "NULL" else row[unit],
            currency_code=row["BillingCurrency"],
            billed_cost=number(row["BilledCost"]),
            effective_cost=number(row["EffectiveCost"]),
            list_cost=number(row["ListCost"]),
            contracted_cost=number(row["ContractedCost"]),
        )

    def evaluate_tiers(self):
        tiers = tier_service_pb2_grpc.TierServiceStub(self.channel)
        request = tier_service_pb2.EvaluateTiersRequest(effective_time=moment(END_OF_PERIOD))
        self.wait(self.channel, tiers.EvaluateTiers(request))

    def close_period(self):
        flows = flow_service_pb2_grpc.FlowServiceStub(self.finance)
        self.wait(self.finance, flows.ClosePeriod(flow_service_pb2.ClosePeriodRequest(name=PERIOD)))
        periods = period_service_pb2_grpc.PeriodServiceStub(self.channel)
        return periods.GetPeriod(period_service_pb2.GetPeriodRequest(name=PERIOD)).result_hash

    @staticmethod
    def wait(channel, operation):
        operations = operations_pb2_grpc.OperationsStub(channel)
        while not operation.done:
            operation = operations.WaitOperation(operations_pb2.WaitOperationRequest(name=operation.name))
        if operation.HasField("error"):
            raise SystemExit(f"{operation.name} failed: {operation.error.message}")


class Bearer(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Adds the token to every call."""

    def __init__(self, token):
        self.header = ("authorization", f"Bearer {token}")

    def _with(self, details):
        class Details(grpc.ClientCallDetails):
            method = details.method
            timeout = details.timeout
            metadata = list(details.metadata or []) + [self.header]
            credentials = details.credentials
            wait_for_ready = details.wait_for_ready
            compression = details.compression

        return Details()

    def intercept_unary_unary(self, continuation, details, request):
        return continuation(self._with(details), request)

    def intercept_stream_stream(self, continuation, details, requests):
        return continuation(self._with(details), requests)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gateway", required=True, help="host:port of the running suite")
    parser.add_argument("--manager", required=True, help="a token of a program manager")
    parser.add_argument("--finance", required=True, help="a token of somebody in finance")
    parser.add_argument("--programs", required=True, type=pathlib.Path, help="the folder programs/sample")
    parser.add_argument("--demo", required=True, type=pathlib.Path, help="what `accolade demo --json` printed")
    arguments = parser.parse_args()
    channel = grpc.insecure_channel(arguments.gateway)
    story = Story(
        grpc.intercept_channel(channel, Bearer(arguments.manager)),
        grpc.intercept_channel(channel, Bearer(arguments.finance)),
        arguments.programs,
    )
    story.workloads = {
        (row["provider"], row["service"]): row["workload"] for row in story.table("workloads.csv")
    }
    expected = json.loads(arguments.demo.read_text(encoding="utf-8"))
    bundle = story.publish_documents()
    story.register_partners()
    story.register_people()
    story.register_customers()
    story.associate()
    story.correct_designations()
    taken = story.import_bill()
    story.evaluate_tiers()
    result = story.close_period()
    print(f"bundle_hash {bundle}\nusage rows  {taken}\nresult_hash {result}")
    if (bundle, result) != (expected["bundle_hash"], expected["result_hash"]):
        print(f"the demo has bundle_hash {expected['bundle_hash']}, result_hash {expected['result_hash']}")
        return 1
    print("the same as the demo")
    return 0


if __name__ == "__main__":
    sys.exit(main())
