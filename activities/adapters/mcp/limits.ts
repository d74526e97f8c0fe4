import { toolLimits } from '../../../contracts/tools';

export interface UpstreamLimits {
  /** One message of a server, after decompression. */
  readonly messageBytes: number;
  /** What a stream or a child may send within any minute, all messages together. */
  readonly bytesPerMinute: number;
  /** One definition of a tool, resource or prompt, as JSON. */
  readonly definitionBytes: number;
  readonly definitions: number;
  readonly pages: number;
  /** To open a connection and agree on a revision; also for every request that names no time of its own. */
  readonly requestTimeoutMs: number;
  readonly healthTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly connections: number;
  readonly idleMs: number;
  /** Answers that stay away in a row before a connection is given up. */
  readonly unanswered: number;
  /** How long a child may take to end by itself. */
  readonly childGraceMs: number;
}

export const defaultLimits: UpstreamLimits = {
  messageBytes: toolLimits.responseBytes,
  bytesPerMinute: 12 * toolLimits.responseBytes,
  definitionBytes: 64 * 1024,
  definitions: toolLimits.toolsPerServer,
  pages: 100,
  requestTimeoutMs: toolLimits.requestTimeoutMs,
  healthTimeoutMs: toolLimits.healthTimeoutMs,
  callTimeoutMs: toolLimits.callTimeoutMs,
  connections: 256,
  idleMs: 300_000,
  unanswered: 3,
  childGraceMs: 1_000,
};

/** Levels of nesting in an answer; whoever walks it later does so by recursion. */
export const depthMax = 128;
