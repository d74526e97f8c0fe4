/** A tree is not what its head, or its signed checkpoint, says: somebody or something has changed it. */
export class TreeMismatch extends Error {
  override readonly name = 'TreeMismatch';

  constructor(
    readonly tenantId: string,
    readonly reason: string,
  ) {
    super(`the tree of ${tenantId} was changed: ${reason}`);
  }
}
