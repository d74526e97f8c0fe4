// Ports above the system's where other protocols listen that take an HTTP request for their own (the Fetch standard's list).
const otherProtocols = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** False for ports at which no web server is to be expected: mail, shells, directories and the like. */
export function isWebPort(port: number): boolean {
  if (port === 80 || port === 443) return true;
  return port >= 1024 && port <= 65_535 && !otherProtocols.has(port);
}
