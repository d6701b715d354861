# Compiles and runs primes.c; on a machine without a C compiler it says so and byte-compiles Python or counts in awk instead.
if command -v cc >/dev/null; then
  cc -O2 -o primes primes.c && ./primes
elif command -v python3 >/dev/null; then
  echo "no cc here: byte-compiling Python's own library instead"
  python3 -c "import compileall, json, os; compileall.compile_dir(os.path.dirname(json.__file__), quiet=1, force=True, legacy=True)" || true
  python3 -c "print('compiled with', __import__('sys').version.split()[0])"
else
  echo "no cc and no python3 here: counting in awk instead"
  awk 'BEGIN { for (i = 2; i < 60000; i++) { p = 1; for (j = 2; j * j <= i; j++) if (i % j == 0) { p = 0; break } c += p } print c " primes" }'
fi
