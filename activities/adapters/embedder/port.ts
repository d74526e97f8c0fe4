/** Turns texts into unit vectors. One instance per process; `close` ends its threads or connections. */
export interface Embedder {
  /** Name and revision of the model: vectors of different models are never compared. */
  readonly model: string;
  /** Length of every vector. */
  readonly dimension: number;
  /** One vector of `dimension` numbers (L2 norm 1) for each text, in order. Fails as `service_unavailable`. */
  embed(texts: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<Float32Array[]>;
  close(): Promise<void>;
}
