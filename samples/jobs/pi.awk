# Monte Carlo estimate of pi with a fixed seed.
BEGIN {
  srand(20230112); n = N ? N : 4000000
  for (i = 0; i < n; i++) { x = rand(); y = rand(); if (x * x + y * y < 1) inside++ }
  printf "points %d, pi about %.5f\n", n, 4 * inside / n
}
