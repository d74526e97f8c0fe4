import type { ReachBarrier } from '../../barriers';
import type { ContentBox } from '../../contracts/content-box';
import type { Dispatch } from '../../operations/catalogue';
import type { CallReads } from '../../operations/tools/calls/call-reads';
import type { HandedCalls } from '../../operations/tools/calls/handed-calls';
import type { CallWatchers } from '../../operations/tools/calls/call-watchers';
import type { CallsUnderWay } from './calls-under-way';
import type { ObjectStore } from '../adapters/object-store/port';
import type { ToolDependencies } from './dependencies';

export interface CarryDependencies extends Pick<ToolDependencies, 'upstream' | 'describeServer'> {
  readonly dispatch: Dispatch;
  readonly callReads: CallReads;
  readonly handedCalls: Pick<HandedCalls, 'of'>;
  readonly box: ContentBox;
  readonly objects: ObjectStore;
  readonly reachBarrier: ReachBarrier;
  readonly watchers: CallWatchers;
}

export interface CallDependencies extends CarryDependencies {
  readonly underWay: CallsUnderWay;
  /** The queue that is asked for what this process has under way. */
  readonly ownQueue: string;
}
