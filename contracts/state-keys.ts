/** Keys for what is handed to a caller and must come back as it was; one for each tenant. */
export interface StateKeys {
  /** The key for what is signed now. `invalid_configuration` without a master key. */
  current(tenantId: string): Promise<{ readonly keyId: string; readonly key: Uint8Array }>;
  /** Undefined when it is gone. */
  find(tenantId: string, keyId: string): Promise<Uint8Array | undefined>;
}
