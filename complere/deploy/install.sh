# Install the locked packages into .venv: `install.sh runtime` for a demo, `install.sh dev` for tests as well.
# A stamp named after the lock files' checksum makes a second run free.
set -eu
wanted=$1
cd "$(dirname "$0")/../.."
venv=.venv

key_of() { cat requirements/installer.txt "requirements/$1.txt" | cksum | tr ' ' '-'; }
stamp_of() { echo "$venv/.installed-$1-$(key_of "$1")"; }

if "$venv/bin/python" -c '' 2>/dev/null; then
  if [ -e "$(stamp_of "$wanted")" ]; then exit 0; fi
else
  python=$(sh complere/deploy/find_python.sh) || exit 2
  echo "Making $venv with $python …"
  "$python" -m venv --clear "$venv"
fi

echo "Installing the locked packages ($wanted) …"
rm -f "$venv"/.installed-*
if [ -x "$venv/bin/uv" ]; then
  # A `sync` took pip away, so uv renews itself.
  "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements/installer.txt
else
  "$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/installer.txt
fi
if [ "$wanted" = dev ]; then
  "$venv/bin/uv" pip sync --quiet --python "$venv/bin/python" --require-hashes requirements/dev.txt
  touch "$(stamp_of dev)"
else
  # `install` and not `sync`: a demo must not take the test tools away.
  "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements/runtime.txt
fi
touch "$(stamp_of runtime)"
