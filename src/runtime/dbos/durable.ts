/**
 * Durable execution: work that survives its process. The only file that knows the workflow engine (DBOS
 * Transact). A workflow is code that calls steps in the same order each time; a step's result is stored once,
 * so that after a crash the code runs again and gets the stored results up to where it was.
 */
import { DBOS, type WorkflowHandle } from '@dbos-inc/dbos-sdk';
import type { Pool, PoolClient } from 'pg';
import { GradusError } from '../../kernel/errors.ts';
import type { JsonValue } from '../../kernel/json.ts';
import type { SchemaSelection } from '../../store/backup/table-shape.ts';

export interface StepOptions {
  /** How often a step that threw is tried (default 1), with pauses that double from `firstPauseMs` (default 1000). */
  readonly attempts?: number;
  readonly firstPauseMs?: number;
  readonly isRetryable?: (error: unknown) => boolean;
}

export interface WorkflowScope {
  readonly id: string;
  /** Aborted when the workflow is cancelled (its reason is 'cancelled'), or when this process hands it back. */
  readonly signal: AbortSignal;
  /** Runs `work` and stores its result; in a later life the stored result is given and `work` is not run. */
  step<T extends JsonValue>(name: string, work: () => Promise<T>, options?: StepOptions): Promise<T>;
  /** Sleeps until a moment that is stored when the sleep begins: a restart does not begin it anew. */
  sleep(durationMs: number): Promise<void>;
  /** Starts another workflow, once, whatever becomes of this process. */
  startChild(name: string, id: string, input: JsonValue): Promise<void>;
  /** The stored result of a child or of any other workflow. */
  resultOf(id: string): Promise<JsonValue>;
  /** The next message that was sent here on `topic`; undefined when none came in time. */
  receive(topic: string, timeoutMs: number): Promise<JsonValue | undefined>;
}

export type Workflow = (scope: WorkflowScope, input: JsonValue) => Promise<JsonValue>;

export interface DurableOptions {
  /** The store's own pool; it stays the store's to end. */
  readonly pool: Pool;
  /**
   * What old and new code agree on. Work that another version began is not taken up, so this stays the same
   * across releases for as long as workflows call their steps in the same order.
   */
  readonly applicationVersion: string;
  /** Of this process. A process that starts with the id of a dead one takes up its work at once. */
  readonly executorId: string;
  readonly workflows: Readonly<Record<string, Workflow>>;
  /** Told what the engine has to say. Default: nobody is. */
  readonly log?: (level: 'info' | 'warn' | 'error', text: string) => void;
  /** Work that ends its process this many times is given up (default 100). */
  readonly maxRecoveries?: number;
}

export type WorkflowState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'given-up';

export interface Durable extends AsyncDisposable {
  /** Starts a workflow under an id of the caller. With an id that is known already nothing is started. */
  start(name: string, id: string, input: JsonValue): Promise<void>;
  state(id: string): Promise<WorkflowState | undefined>;
  /** Waits for the end. Rejects with what the workflow threw, or with 'cancelled'. */
  result(id: string): Promise<JsonValue>;
  /** Cancels a workflow and its children, on whichever machine they run. Of a finished one: nothing happens. */
  cancel(id: string): Promise<void>;
  /** Goes on with a cancelled or stranded workflow after its last stored step. */
  resume(id: string): Promise<void>;
  send(id: string, topic: string, message: JsonValue): Promise<void>;
  /** Forgets a workflow that has ended, with its children and all of their stored results. */
  delete(id: string): Promise<void>;
  /** Takes up what a process that is dead was running; returns the ids. The caller knows that it is dead. */
  takeOver(deadExecutorId: string): Promise<readonly string[]>;
}

/**
 * The engine's rows that a backup must take along. After a restore, `takeOver` the executor that wrote it:
 * nobody else takes up what was running.
 */
export const durableTables: SchemaSelection = {
  schema: 'dbos',
  skip: ['dbos_migrations', 'application_versions'],
};

/** Starts the engine and takes up what this executor was running when it died. One at a time in a process. */
export async function startDurable(options: DurableOptions): Promise<Durable> {
  if (DBOS.isInitialized()) throw new Error('the workflow engine runs already in this process');
  const running = new Map<string, Running>();
  const closing = new AbortController();
  const registered = new Map<string, (input: JsonValue) => Promise<JsonValue>>();
  for (const [name, workflow] of Object.entries(options.workflows)) {
    const durable = DBOS.registerWorkflow(
      (input: JsonValue) => execute({ workflow, input, running, closing: closing.signal, lookUp }),
      { name, maxRecoveryAttempts: options.maxRecoveries ?? 100 },
    );
    registered.set(name, durable);
  }
  function lookUp(name: string): (input: JsonValue) => Promise<JsonValue> {
    const found = registered.get(name);
    if (found === undefined) throw new Error(`no workflow is called "${name}"`);
    return found;
  }

  const log = options.log ?? (() => undefined);
  DBOS.setConfig({
    name: 'gradus',
    systemDatabasePool: options.pool,
    systemDatabaseSchemaName: 'dbos',
    applicationVersion: options.applicationVersion,
    executorID: options.executorId,
    tracingEnabled: false,
    logger: {
      debug: () => undefined,
      info: (entry) => log('info', String(entry)),
      warn: (entry) => log('warn', String(entry)),
      error: (entry) => log('error', String(entry)),
    },
  });
  await DBOS.launch();
  const listener = await listenForCancels(options.pool, (id) =>
    abortAsCancelled(running.get(id)?.controller),
  );

  return {
    async start(name, id, input) {
      await DBOS.startWorkflow(lookUp(name), { workflowID: id })(input);
    },

    state: loadState,

    async result(id) {
      try {
        return await awaitResult(id, running);
      } catch (error) {
        if ((await loadState(id)) !== 'cancelled') throw error;
        throw new GradusError('cancelled', { message: `The run ${id} was cancelled.` }, { cause: error });
      }
    },

    async cancel(id) {
      await DBOS.cancelWorkflow(id, { cancelChildren: true });
      // The engine itself looks once a second; a notification reaches the right machine in milliseconds.
      for (const each of [id, ...(await listDescendants(id))]) {
        await options.pool.query('SELECT pg_notify($1, $2)', [cancelChannel, each]);
      }
    },

    async resume(id) {
      await DBOS.resumeWorkflow(id);
    },

    send: (id, topic, message) => DBOS.send(id, message, topic),

    delete: (id) => DBOS.deleteWorkflow(id, true),

    async takeOver(deadExecutorId) {
      const stranded = await DBOS.listWorkflows({
        status: 'PENDING',
        executorId: deadExecutorId,
        applicationVersion: options.applicationVersion,
        loadInput: false,
        loadOutput: false,
      });
      const ids = stranded.map((status) => status.workflowID);
      if (ids.length > 0) await DBOS.resumeWorkflows(ids);
      return ids;
    },

    async [Symbol.asyncDispose]() {
      // What runs here goes on in the next process: it stops at its next step, and nothing of it is recorded.
      closing.abort(
        new GradusError('cancelled', { message: 'The server is stopping; the run goes on later.' }),
      );
      for (const { controller } of running.values()) controller.abort(closing.signal.reason);
      listener.release(true);
      await DBOS.shutdown({ deregister: true });
    },
  };
}

interface Running {
  readonly controller: AbortController;
  /** Resolves when the workflow's code has ended here, in whatever way. */
  readonly ended: Promise<void>;
}

interface Execution {
  readonly workflow: Workflow;
  readonly input: JsonValue;
  readonly running: Map<string, Running>;
  readonly closing: AbortSignal;
  readonly lookUp: (name: string) => (input: JsonValue) => Promise<JsonValue>;
}

async function execute(execution: Execution): Promise<JsonValue> {
  const { workflow, input, running, closing } = execution;
  const id = DBOS.workflowID;
  if (id === undefined) throw new Error('a workflow runs without an id');
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const entry = { controller: new AbortController(), ended };
  running.set(id, entry);
  try {
    const scope = createScope(id, entry.controller.signal, execution);
    return await keepOpen(() => workflow(scope, input), closing);
  } finally {
    if (running.get(id) === entry) running.delete(id);
    end();
  }
}

/**
 * What fails because this process is closing has not failed. It must not settle, for the engine would record
 * it; it stays open until the process ends, and the next one runs it again.
 */
async function keepOpen<T>(work: () => Promise<T>, closing: AbortSignal): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (closing.aborted) return new Promise<never>(() => undefined);
    throw error;
  }
}

/** The engine asks the database again and again; what runs in this process is waited for first. */
async function awaitResult(id: string, running: ReadonlyMap<string, Running>): Promise<JsonValue> {
  const local = running.get(id);
  await local?.ended;
  const handle: WorkflowHandle<JsonValue> = DBOS.retrieveWorkflow<JsonValue>(id);
  return handle.getResult({ pollingIntervalMs: local === undefined ? 200 : 20 });
}

function createScope(id: string, signal: AbortSignal, execution: Execution): WorkflowScope {
  const { running, closing, lookUp } = execution;
  return {
    id,
    signal,
    step(name, work, options = {}) {
      signal.throwIfAborted();
      const { attempts = 1, firstPauseMs = 1000, isRetryable = () => true } = options;
      return DBOS.runStep(() => keepOpen(work, closing), {
        name,
        retriesAllowed: attempts > 1,
        maxAttempts: attempts,
        intervalSeconds: firstPauseMs / 1000,
        backoffRate: 2,
        shouldRetry: (error) => !signal.aborted && isRetryable(error),
      });
    },
    sleep: (durationMs) => DBOS.sleep(durationMs),
    async startChild(name, childId, input) {
      await DBOS.startWorkflow(lookUp(name), { workflowID: childId })(input);
    },
    resultOf: (otherId) => awaitResult(otherId, running),
    async receive(topic, timeoutMs) {
      const message = await DBOS.recv<JsonValue>(topic, { timeoutSeconds: timeoutMs / 1000 });
      return message ?? undefined;
    },
  };
}

const cancelChannel = 'gradus_cancel';

async function listenForCancels(pool: Pool, onCancel: (id: string) => void): Promise<PoolClient> {
  const client = await pool.connect();
  client.on('error', () => undefined);
  client.on('notification', (message) => {
    if (message.channel === cancelChannel && message.payload !== undefined) onCancel(message.payload);
  });
  await client.query(`LISTEN ${cancelChannel}`);
  return client;
}

function abortAsCancelled(controller: AbortController | undefined): void {
  controller?.abort(new GradusError('cancelled', { message: 'The run was cancelled.' }));
}

async function listDescendants(id: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (let parents = [id]; parents.length > 0;) {
    const children = await DBOS.listWorkflows({
      parentWorkflowID: parents,
      loadInput: false,
      loadOutput: false,
    });
    parents = children.map((child) => child.workflowID).filter((child) => !found.includes(child));
    found.push(...parents);
  }
  return found;
}

async function loadState(id: string): Promise<WorkflowState | undefined> {
  const status = await DBOS.getWorkflowStatus(id);
  return status === null ? undefined : toState(status.status);
}

function toState(status: string): WorkflowState {
  switch (status) {
    case 'ENQUEUED':
    case 'DELAYED':
      return 'queued';
    case 'PENDING':
      return 'running';
    case 'SUCCESS':
      return 'succeeded';
    case 'ERROR':
      return 'failed';
    case 'CANCELLED':
      return 'cancelled';
    case 'MAX_RECOVERY_ATTEMPTS_EXCEEDED':
      return 'given-up';
    default:
      throw new Error(`the workflow engine has a status that is not known here: ${status}`);
  }
}
