// How a rank correlation is written everywhere.

/** "0.86", "−0.55", and "0.00" for what rounds to it from either side. */
export function writeRho(rho: number): string {
  const text = rho.toFixed(2);
  return Number(text) === 0 ? "0.00" : text.replace("-", "−");
}
