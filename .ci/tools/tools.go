//go:build tools

// Package tools pins the judges that CI builds from source, with the sums of everything in them.
package tools

import _ "github.com/googleapis/api-linter/v2/cmd/api-linter"
