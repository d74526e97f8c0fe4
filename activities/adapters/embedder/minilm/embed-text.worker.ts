import { readFileSync } from 'node:fs';
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import { Tokenizer } from '@huggingface/tokenizers';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const textCharactersMax = 16_384;
const idsMax = 256;
const separatorId = 102;

const folder = modelFolder(workerData);
const tokenizer = new Tokenizer(readJson('tokenizer.json'), readJson('tokenizer_config.json'));
const session = InferenceSession.create(path.join(folder, 'onnx', 'model_quantized.onnx'), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  // Spinning threads take half of the processor between texts.
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
});

/** The unit vector of one text: alone, as in a batch the quantised vectors would depend on their neighbours. */
export default async function embedText(text: string): Promise<Float32Array> {
  const ids = tokenIds(text);
  const tensor = (values: readonly bigint[]) => new Tensor('int64', BigInt64Array.from(values), [1, ids.length]);
  const { last_hidden_state: hidden } = await (
    await session
  ).run({
    input_ids: tensor(ids.map(BigInt)),
    attention_mask: tensor(ids.map(() => 1n)),
    token_type_ids: tensor(ids.map(() => 0n)),
  });
  if (!(hidden?.data instanceof Float32Array)) throw new Error('The model returned no vectors.');
  return unitMean(hidden.data, ids.length);
}

function tokenIds(text: string): number[] {
  const { ids } = tokenizer.encode(text.slice(0, textCharactersMax));
  return ids.length > idsMax ? [...ids.slice(0, idsMax - 1), separatorId] : ids;
}

function unitMean(values: Float32Array, tokens: number): Float32Array {
  const dimension = values.length / tokens;
  const sum = new Float32Array(dimension);
  for (let index = 0; index < values.length; index += 1) {
    const at = index % dimension;
    sum[at] = (sum[at] ?? 0) + (values[index] ?? 0);
  }
  const norm = Math.hypot(...sum);
  return sum.map((value) => value / norm);
}

function readJson(name: string): object {
  return JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as object;
}

function modelFolder(data: unknown): string {
  // The pool wraps what it was given for its workers.
  const given: unknown = Array.isArray(data) ? data[1] : data;
  if (typeof given === 'object' && given !== null && 'modelFolder' in given) return String(given.modelFolder);
  throw new Error('The embedding worker was started without its model folder.');
}
