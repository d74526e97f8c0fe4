export { createEgress, type EgressOptions, type Lookup } from './create-egress';
export { mayBeNamed } from './may-be-named';
