#!/usr/bin/env bash
# Fetches one package with the ordinary client of its registry:
#
#   fetch.sh REGISTRY PACKAGE VERSION OUT
#
# REGISTRY is pypi (a source distribution), apt (a binary package) or apt-src
# (the upstream archive of a source package); for the last two PACKAGE is
# SUITE/NAME. OUT becomes the archive, byte for byte as the registry holds it;
# the caller checks its sha256. With an empty VERSION apt brings the suite's own.
#
# A registry's address comes from its client's own configuration.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
registry=$1 package=$2 version=$3 out=$4
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# keep FILE...: the only file that was fetched becomes OUT.
keep() {
  if [[ $# -ne 1 || ! -f $1 ]]; then
    echo "expected one archive of $package $version, found: $*" >&2
    exit 1
  fi
  mv "$1" "$out"
}

# Prepares a private apt root, so that another suite than the machine's own can
# be read. Nothing is installed, and the machine's package lists stay as they
# are.
private_apt_root() {
  local kind=$1 suite=$2 mirror
  # shellcheck disable=SC2016 # apt-get expands it.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' | grep -E '/debian/?$' | sort -u | head -n1)
  if [[ -z $mirror ]]; then
    echo "apt has no Debian mirror; run apt-get update once" >&2
    exit 1
  fi
  mkdir -p root/lists/partial root/cache/archives/partial root/parts
  cat >root/sources.list <<EOF
$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main
EOF
  cat >root/apt.conf <<EOF
Dir::Etc::sourcelist "$tmp/root/sources.list";
Dir::Etc::sourceparts "$tmp/root/parts";
Dir::State::lists "$tmp/root/lists";
Dir::Cache "$tmp/root/cache";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
APT::Sandbox::User "root";
EOF
  export APT_CONFIG=$tmp/root/apt.conf
  apt-get update --quiet=2 >&2
}

case $registry in
  pypi)
    # pip wants a source distribution's metadata, and would run the package's
    # set-up script for it. The stub hands pip the metadata that the archive
    # ships, so that no code of the package runs.
    PYTHONPATH=$here/pip_stub python3 -m pip download --quiet --no-deps \
      --no-build-isolation --no-binary "$package" --dest got \
      "$package==$version" >&2
    keep got/*.tar.gz
    ;;
  apt)
    private_apt_root deb "${package%%/*}"
    apt-get download --quiet=2 "${package#*/}${version:+=$version}" >&2
    keep ./*.deb
    ;;
  apt-src)
    private_apt_root deb-src "${package%%/*}"
    apt-get source --quiet=2 --download-only --tar-only \
      "${package#*/}=$version" >&2
    keep ./*.orig.tar.*
    ;;
  *)
    echo "unknown registry: $registry" >&2
    exit 2
    ;;
esac
