# The web server of a deployment: as the demo's, but reachable from the proxy's network.
set -eu
if [ -e complere/rsgi.py ]; then interface=rsgi; else interface=wsgi; fi
exec granian --interface "$interface" "complere.$interface:application" \
  --host 0.0.0.0 --port "${PORT:-8000}" --workers "${WEB_WORKERS:-2}" --no-ws \
  --respawn-failed-workers --workers-kill-timeout 20
