/* Counts primes by a sieve: compiled and run as one job. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  const size_t n = 20000000;
  char *composite = calloc(n + 1, 1);
  size_t count = 0;
  if (!composite) return 1;
  for (size_t i = 2; i <= n; i++) {
    if (composite[i]) continue;
    count++;
    for (size_t j = i * i; j <= n; j += i) composite[j] = 1;
  }
  printf("primes up to %zu: %zu\n", n, count);
  free(composite);
  return 0;
}
