import { verifyExport, type VerifyOptions } from '../../../evidence/verify/verify-export';
import { chunksOf, fileText, makeFile, makeSigner, makeTree, type EvidenceFile } from '../../support/evidence-file';

export const tree = makeTree(40);
export const signer = makeSigner();
export const whole = () => makeFile({ tree, size: 37, signers: [signer], earlier: [5, 16, 36] });
export const some = () =>
  makeFile({ tree, size: 37, signers: [signer], indexes: [3, 4, 17, 30], coverage: { type: 'selected' } });

export const verify = (file: EvidenceFile | string, options?: VerifyOptions) =>
  verifyExport(chunksOf(typeof file === 'string' ? file : fileText(file)), options);

export const found = async (file: EvidenceFile | string, options?: VerifyOptions) =>
  (await verify(file, options)).findings.map(({ check, index, event_id, field }) => ({
    check,
    index,
    event_id,
    field,
  }));
