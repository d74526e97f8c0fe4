/** What a script may rely on; docs/operations.md explains each to people. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  policy: 4,
  tryLater: 5,
  authentication: 6,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
