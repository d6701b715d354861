# One-dimensional heat equation by explicit finite differences; prints the temperature in the middle and the energy.
BEGIN {
  n = 400; steps = STEPS ? STEPS : 9000; r = 0.4
  for (i = 0; i <= n; i++) u[i] = (i > n / 4 && i < 3 * n / 4) ? 100 : 0
  for (t = 0; t < steps; t++) {
    for (i = 1; i < n; i++) v[i] = u[i] + r * (u[i - 1] - 2 * u[i] + u[i + 1])
    for (i = 1; i < n; i++) u[i] = v[i]
  }
  for (i = 0; i <= n; i++) energy += u[i]
  printf "steps %d, middle %.6f, energy %.3f\n", steps, u[n / 2], energy
}
