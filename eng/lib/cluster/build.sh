# shellcheck shell=bash
# The control plane and the kubelet from Debian's own source package, built with Debian's Go and kept in the cache. Needs common.sh.
# Kept small, since a bare machine waits for it: no cloud providers, no dockershim, no debug information, one `go build` for all,
# and of the generated sources only the OpenAPI definitions, which alone are not in the package.

CLUSTER_GO=/usr/lib/go-1.19/bin
CLUSTER_PROGRAMS=(kube-apiserver kube-controller-manager kube-scheduler kubelet)
CLUSTER_BINARIES="$ACTORS_CACHE/kubernetes-$(sha256sum <"${BASH_SOURCE[0]}" | cut -c 1-12)" # This file is the recipe: another recipe, other binaries.

_build_packages() {
  _apt_install golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev dpkg-dev
}

# _fetch_source DIRECTORY: the newest source package of this Debian release, verified by apt, unpacked to DIRECTORY/k8s.
_fetch_source() {
  local directory="$1" suite mirror options
  mirror="$(_debian_mirror)"
  suite="$(. /etc/os-release && echo "$VERSION_CODENAME")"
  mkdir -p "$directory/apt/parts" "$directory/apt/lists/partial" "$directory/apt/cache"
  # A source list and an index of our own: the machine's are left as they are.
  printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$mirror" "$suite" >"$directory/apt/parts/source.sources"
  options=(-o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$directory/apt/parts" -o "Dir::State::Lists=$directory/apt/lists"
    -o "Dir::Cache=$directory/apt/cache" -o "APT::Sandbox::User=root")
  apt-get "${options[@]}" update
  (cd "$directory" && apt-get "${options[@]}" source --download-only kubernetes)
  dpkg-source -x "$directory"/kubernetes_*.dsc "$directory/k8s"
}

# The mirror that this machine takes its Debian packages from.
_debian_mirror() {
  local mirror
  # shellcheck disable=SC2016 # The format is apt's.
  mirror="$(apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" "Origin: Debian" "Label: Debian" | head -n 1)"
  [[ -n "$mirror" ]] || die "apt knows no mirror of Debian: name one in /etc/apt/sources.list."
  echo "$mirror"
}

# _write_overlay VENDORED DEBIAN FILE: the vendored reflect2 1.0.1 crashes under Go 1.18 and later; Debian's 1.0.2 is laid over it.
_write_overlay() {
  local name separator=""
  {
    printf '{"Replace":{'
    for name in $(cd "$1" && ls -- *.go *.s) $(cd "$2" && ls -- *.go *.s); do
      printf '%s\n"%s/%s":"%s"' "$separator" "$1" "$name" "$([[ -e "$2/$name" ]] && echo "$2/$name")"
      separator=","
    done
    printf '}}\n'
  } >"$3"
}

# _generate_openapi: the API server's schema definitions, from every package marked for it.
_generate_openapi() {
  local packages
  # The names as the binaries import them: staged packages through vendor/.
  packages="$(grep -rlE --include='*.go' '^// *\+k8s:openapi-gen=true' pkg staging/src | xargs -n 1 dirname | LC_ALL=C sort -u |
    grep -vE 'code-generator|sample-|/testing|testdata' | sed 's#^staging/src/#k8s.io/kubernetes/vendor/#; s#^pkg/#k8s.io/kubernetes/pkg/#' | paste -sd,)"
  go build -o "$GOPATH/openapi-gen" k8s.io/kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen
  "$GOPATH/openapi-gen" --logtostderr -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
    -h hack/boilerplate/boilerplate.generatego.txt -r "$GOPATH/violations"
}

_version_flags() {
  local package prefix pair
  for package in k8s.io/client-go/pkg/version k8s.io/component-base/version; do
    for prefix in "" k8s.io/kubernetes/vendor/; do
      for pair in gitVersion=v1.20.2 gitMajor=1 gitMinor=20 gitTreeState=clean; do printf -- '-X %s%s.%s ' "$prefix" "$package" "$pair"; done
    done
  done
}

# _compile SOURCE OUT
_compile() {
  local source="$1" out="$2" reflect program targets=()
  export GOPATH="$source/.go" GO111MODULE=off GOPROXY=off GOFLAGS="" CGO_ENABLED=0 GOCACHE="$source/.gocache" HOME="$source/.home" PATH="$CLUSTER_GO:$PATH"
  mkdir -p "$GOPATH/src/k8s.io" "$HOME" "$out"
  ln -sfn ../../.. "$GOPATH/src/k8s.io/kubernetes"
  cd "$GOPATH/src/k8s.io/kubernetes"
  reflect="vendor/github.com/modern-go/reflect2"
  _write_overlay "$PWD/$reflect" /usr/share/gocode/src/github.com/modern-go/reflect2 "$source/.overlay.json"
  _generate_openapi
  for program in "${CLUSTER_PROGRAMS[@]}"; do targets+=("k8s.io/kubernetes/cmd/$program"); done
  go build -overlay "$source/.overlay.json" -tags providerless,dockerless -gcflags 'all=-dwarf=false' -ldflags "-s -w $(_version_flags)" -o "$out/" "${targets[@]}"
}

# build_kubernetes: makes sure that the binaries are in $CLUSTER_BINARIES. Whoever comes second waits for the first.
build_kubernetes() {
  local work="$CLUSTER_BINARIES.work" lock
  exec {lock}>"$ACTORS_CACHE/kubernetes-build.lock"
  flock "$lock"
  if [[ ! -x "$CLUSTER_BINARIES/kubelet" ]]; then
    quietly "Installing Debian's Go" _build_packages
    rm -rf "$work"
    mkdir -p "$work"
    quietly "Fetching Debian's source of Kubernetes" _fetch_source "$work"
    quietly "Building the control plane and the kubelet (minutes, once)" _compile "$work/k8s" "$work/bin"
    mv -T "$work/bin" "$CLUSTER_BINARIES"
    rm -rf "$work"
  fi
  exec {lock}>&-
}
