export interface AdapterCall {
  readonly adapter: string;
  readonly method: string;
}

/** Something that happens round a call: measuring it, or giving it a span. */
export type Around = <T>(call: AdapterCall, work: () => Promise<T>) => Promise<T>;

export const nothingAround: Around = (_call, work) => work();

/** The first is the outermost. */
export function allAround(wraps: readonly Around[]): Around {
  return wraps.reduceRight<Around>(
    (inner, outer) => (call, work) => outer(call, () => inner(call, work)),
    nothingAround,
  );
}

/** The same port, with something round the named methods; everything else is the port's own. */
export function wrapPort<P extends object>(
  port: P,
  { adapter, methods, around }: { adapter: string; methods: readonly (keyof P & string)[]; around: Around },
): P {
  if (around === nothingAround) return port;
  const wrapped = methods.map((method) => {
    const call = { adapter, method };
    const original = port[method] as (...args: unknown[]) => Promise<unknown>;
    return [method, (...args: unknown[]) => around(call, () => original.apply(port, args))] as const;
  });
  return Object.assign(Object.create(port) as P, Object.fromEntries(wrapped));
}
