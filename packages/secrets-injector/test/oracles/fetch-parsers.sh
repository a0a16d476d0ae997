#!/bin/sh
# Fetches parsers that are newer than this Debian's out of later releases, and unpacks them below a folder; nothing is installed.
# apt holds the packages to Debian's signatures. Usage: fetch-parsers.sh FOLDER
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Where this machine has its own packages from.
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)

# apt with the packages of a release, and nothing of this machine's own.
apt_of() {
  release=$1
  shift
  apt-get -qq -o Dir::Etc::sourcelist="$work/$release/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State="$work/$release" -o Dir::State::lists="$work/$release/lists" -o Dir::Cache="$work/$release" \
    -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}

update() {
  [ ! -e "$work/$1" ] || return 0
  mkdir -p "$work/$1/lists/partial" "$work/$1/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $1 main" >"$work/$1/sources.list"
  apt_of "$1" update
}

# fetch RELEASE PARSER [PACKAGE...]: the others are what it needs.
fetch() {
  [ ! -e "$folder/$2/version" ] || return 0
  update "$1"
  mkdir -p "$work/$2"
  (release=$1 && shift && cd "$work" && cd "$1" && apt_of "$release" download "$@")
  for package in "$work/$2"/*.deb; do dpkg-deb -x "$package" "$folder/$2"; done
  dpkg-deb -f "$work/$2/$2"_*.deb Version >"$folder/$2/version"
}

fetch trixie php-vlucas-phpdotenv php-graham-campbell-result-type php-phpoption
fetch forky php-symfony-dotenv
fetch forky python3-dotenv
