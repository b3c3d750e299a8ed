#!/bin/sh
# An account at mosquitto for each id: add_devices.sh PASSWORD_FILE BROKER ID …
# Prints what goes into each device's config.json. The passwords can't be shown a second time.
set -eu
passwords=$1 broker=$2
shift 2
umask 077
touch "$passwords"
for id in "$@"; do
    password=$(openssl rand -hex 16)
    mosquitto_passwd -b "$passwords" "$id" "$password"
    printf '{"mqtt": {"enabled": true, "host": "%s", "user": "%s", "password": "%s"}}\n' "$broker" "$id" "$password"
done
