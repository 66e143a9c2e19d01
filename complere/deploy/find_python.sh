# Print a Python that is new enough; one line and exit code 2 when there is none.
# `python3` may be a launcher that refuses by itself, so each candidate is tried and not only found.
found=""
for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    command -v "$python"
    exit 0
  fi
  found="$found $python is $version;"
done
echo "Python 3.11 or newer is needed:${found:- none was found;} install one, or name it with PYTHON=/path/to/python3." >&2
exit 2
