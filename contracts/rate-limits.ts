/** So many requests in so many seconds: a token bucket that holds `requests` and fills up in `seconds`. */
export interface Rate {
  readonly requests: number;
  readonly seconds: number;
}

/** Subjects for which the operator may set a limit of their own. */
export const limitedSubjects = ['tenant', 'key', 'plane'] as const;
export type LimitedSubject = (typeof limitedSubjects)[number];

export interface RateDefaults {
  readonly tenant: Rate;
  readonly key: Rate;
}

/** Far above what an agent needs, and low enough that one that runs wild leaves room for others. */
export const rateDefaults: RateDefaults = {
  tenant: { requests: 60_000, seconds: 60 },
  key: { requests: 30_000, seconds: 60 },
};

/** Questions to one plane. */
export const planeRate: Rate = { requests: 100, seconds: 60 };

/** Refusals of callers without a valid key that get an audit event each; the others are counted in one a minute. */
export const strangerRates = { addressRequests: 60, allRequests: 300, seconds: 60 } as const;

export function formatRate({ requests, seconds }: Rate): string {
  return `${requests} per ${seconds} s`;
}

/** How a bucket stands after a request. */
export interface LimitState extends Rate {
  readonly subject: LimitedSubject | 'tool' | 'server';
  readonly tokens: number;
}

/** Whole seconds until the bucket holds a token again; at least one. */
export function secondsUntilToken({ requests, seconds, tokens }: LimitState): number {
  return Math.max(1, Math.ceil(((1 - tokens) * seconds) / requests));
}
