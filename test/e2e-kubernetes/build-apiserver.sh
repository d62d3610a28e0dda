#!/bin/sh
# Builds a kube-apiserver for `npm run e2e:kubernetes`: build-apiserver.sh FOLDER [VERSION]. Needs Go and about 20 minutes of one core.
# The modules that Kubernetes keeps in its own repository are published as v0.x of the same release.
set -eu

folder=${1:?usage: build-apiserver.sh FOLDER [VERSION]}
version=${2:-1.37.2}
minor=${version#1.}

mkdir -p "$folder"
cd "$folder"
cat > main.go <<'GO'
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
GO
export GOFLAGS='-mod=mod -buildvcs=false'
# The Go version and the modules are those that the release itself names.
release=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
{
  echo 'module apiserver'
  grep -E '^(go|godebug) ' "$release"
  echo "require k8s.io/kubernetes v$version"
  sed -n "s#^[[:space:]]*\(k8s.io/[a-z-]*\) => ./staging/.*#replace \1 => \1 v0.$minor#p" "$release"
} > go.mod
go build -ldflags='-s -w' -o kube-apiserver .
echo "$(pwd)/kube-apiserver"
