/** Every error class of Hardway. One sentence first, evidence kept, a remedy when one is known. */

export interface ErrorDetails {
  /** What was seen, line by line; printed indented below the message. */
  readonly evidence?: readonly string[];
  /** What the reader can do about it, one sentence. */
  readonly remedy?: string;
}

export class HardwayError extends Error {
  /** Stable, machine-readable. */
  readonly code: string;
  readonly evidence: readonly string[];
  readonly remedy: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.evidence = details.evidence ?? [];
    this.remedy = details.remedy;
  }
}

/** cluster.json cannot be used; one evidence line per problem. Nothing was touched. */
export class DescriptionError extends HardwayError {
  constructor(message: string, details?: ErrorDetails) {
    super('DESCRIPTION', message, details);
  }
}

/** Why a machine could not be talked to. */
export type ConnectionFault =
  | 'refused' // nothing listens there
  | 'timeout' // no answer within the limit
  | 'unreachable' // no route, no such name
  | 'authentication' // the machine answers but does not let us in
  | 'host-key' // another machine answers
  | 'lost' // the connection broke in the middle
  | 'sudo'; // we are in, but may not become root

export class ConnectionError extends HardwayError {
  readonly fault: ConnectionFault;

  constructor(fault: ConnectionFault, message: string, details?: ErrorDetails) {
    super(`CONNECTION_${fault.toUpperCase().replace('-', '_')}`, message, details);
    this.fault = fault;
  }

  /** The machine is simply not there (yet): no mistake of the user's. */
  get absent(): boolean {
    return this.fault === 'refused' || this.fault === 'timeout' || this.fault === 'unreachable';
  }
}

/** An artefact is missing, damaged or cannot be made. */
export class ArtefactError extends HardwayError {
  constructor(message: string, details?: ErrorDetails) {
    super('ARTEFACT', message, details);
  }
}

/** Something on one machine did not go as announced. */
export class MachineError extends HardwayError {
  readonly machine: string;

  constructor(machine: string, message: string, details?: ErrorDetails) {
    super('MACHINE', `${machine}: ${message}`, details);
    this.machine = machine;
  }
}

/** The state directory is damaged, or something in it that must not be made again is missing. */
export class StateError extends HardwayError {
  constructor(message: string, details?: ErrorDetails) {
    super('STATE', message, details);
  }
}

/** Another run holds the lock for longer than we wait. */
export class BusyError extends HardwayError {
  constructor(message: string, details?: ErrorDetails) {
    super('BUSY', message, details);
  }
}

/** The command line is wrong. */
export class UsageError extends HardwayError {
  constructor(message: string, details?: ErrorDetails) {
    super('USAGE', message, details);
  }
}
