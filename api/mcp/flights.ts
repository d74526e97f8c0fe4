/** Which calls the requests that are open in this process wait for. Lost with it, as are the connections themselves. */
export interface Flights {
  during<T>(flight: Flight, work: () => Promise<T>): Promise<T>;
  /** The key of the one call that a caller's request of this id waits for. */
  keyOf(flight: Omit<Flight, 'key'>): string | undefined;
}

interface Flight {
  readonly callerId: string;
  /** Of JSON-RPC: chosen by the client, and unique within one client only. */
  readonly requestId: string | number;
  readonly key: string;
}

export function createFlights(): Flights {
  const open = new Map<string, string[]>();
  return {
    async during(flight, work) {
      const name = nameOf(flight);
      open.set(name, [...(open.get(name) ?? []), flight.key]);
      try {
        return await work();
      } finally {
        const keys = open.get(name) ?? [];
        const others = keys.toSpliced(keys.indexOf(flight.key), 1);
        if (others.length > 0) open.set(name, others);
        else open.delete(name);
      }
    },
    keyOf(flight) {
      const keys = new Set(open.get(nameOf(flight)));
      // Two clients of one key may count alike; neither shall end the other's call.
      return keys.size === 1 ? [...keys][0] : undefined;
    },
  };
}

function nameOf({ callerId, requestId }: Omit<Flight, 'key'>): string {
  return JSON.stringify([callerId, requestId]);
}
