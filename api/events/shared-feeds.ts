interface Stoppable {
  stop(): void;
}

export interface SharedFeeds<Feed extends Stoppable> {
  /** The feed of this name, begun by whoever comes first; whoever took it gives it back, and the last one ends it. */
  take(name: string, begin: () => Feed): { readonly feed: Feed; release(): void };
}

export function createSharedFeeds<Feed extends Stoppable>(): SharedFeeds<Feed> {
  const open = new Map<string, { readonly feed: Feed; users: number }>();
  return {
    take(name, begin) {
      const entry = open.get(name) ?? { feed: begin(), users: 0 };
      open.set(name, entry);
      entry.users += 1;
      return {
        feed: entry.feed,
        release() {
          entry.users -= 1;
          if (entry.users > 0) return;
          entry.feed.stop();
          open.delete(name);
        },
      };
    },
  };
}
