/** Encrypts content of a tenant that rests in rows or in the object store; the name is part of what is authentic. */
export interface ContentBox {
  /** `invalid_configuration` without a master key. */
  seal(tenantId: string, name: string, plain: Uint8Array): Promise<Buffer>;
  /** `invalid_configuration` when it was sealed by a key that is gone, or is not what was sealed. */
  open(tenantId: string, name: string, sealed: Uint8Array): Promise<Buffer>;
}

/** Under which the result of a call is sealed; its arguments are under the id of the call. */
export const resultName = (invocationId: string) => `${invocationId}/result`;
