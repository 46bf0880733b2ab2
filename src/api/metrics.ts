/**
 * Counters and distributions in the Prometheus text format, on a registry of their own. Engines report
 * facts through `observe`; the api reports requests; gauges are read when somebody asks.
 */
import { Counter, Gauge, Histogram, Registry as PrometheusRegistry } from 'prom-client';

export interface Metrics {
  /** Fits the engines' observer. Throws on a name it does not know: a fact must not vanish in silence. */
  observe(fact: { readonly name: string; readonly model: string; readonly value: number }): void;
  countRequest(request: {
    readonly route: string;
    readonly method: string;
    readonly status: number;
    readonly durationMs: number;
  }): void;
  /** Sets where the gauges of models and streams are read from. */
  watch(sources: {
    readonly loads: () => readonly {
      readonly model: string;
      readonly waiting: number;
      readonly running: number;
      readonly memoryBytes: number | undefined;
    }[];
    readonly openStreams: () => number;
  }): void;
  readonly contentType: string;
  toText(): Promise<string>;
}

const waitSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const tokensPerSecond = [1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280];

export function createMetrics(): Metrics {
  const registry = new PrometheusRegistry();
  const registers = [registry];
  const histogram = (name: string, help: string, buckets: number[]): Histogram<'model'> =>
    new Histogram({ name, help, buckets, labelNames: ['model'], registers });
  const counter = (name: string, help: string): Counter<'model'> =>
    new Counter({ name, help, labelNames: ['model'], registers });
  const queueWait = histogram('gradus_queue_wait_seconds', 'Wait for a slot of the engine', waitSeconds);
  const firstToken = histogram(
    'gradus_first_token_seconds',
    'Time from the request to its first token',
    waitSeconds,
  );
  const speed = histogram('gradus_tokens_per_second', 'Rate of a single answer', tokensPerSecond);
  const cachedTokens = counter('gradus_cached_tokens_total', 'Prompt tokens that were reused');
  const promptTokens = counter('gradus_prompt_tokens_total', 'Prompt tokens');
  const sampledTokens = counter('gradus_sampled_tokens_total', 'Sampled tokens');
  const requests = new Counter({
    name: 'gradus_http_requests_total',
    help: 'Finished HTTP requests',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'gradus_http_request_seconds',
    help: 'Time from the request to the end of its answer',
    labelNames: ['route'],
    buckets: waitSeconds,
    registers,
  });
  addProcessGauges(registers);
  return {
    observe({ name, model, value }) {
      const labels = { model };
      switch (name) {
        case 'queue_wait_ms':
          queueWait.observe(labels, value / 1000);
          break;
        case 'first_token_ms':
          firstToken.observe(labels, value / 1000);
          break;
        case 'tokens_per_second':
          speed.observe(labels, value);
          break;
        case 'cached_tokens':
          cachedTokens.inc(labels, value);
          break;
        case 'prompt_tokens':
          promptTokens.inc(labels, value);
          break;
        case 'sampled_tokens':
          sampledTokens.inc(labels, value);
          break;
        default:
          throw new Error(`unknown fact "${name}"`);
      }
    },
    countRequest({ route, method, status, durationMs }) {
      requests.inc({ route, method, status });
      duration.observe({ route }, durationMs / 1000);
    },
    watch(sources) {
      addModelGauges(registers, sources);
    },
    contentType: registry.contentType,
    toText: () => registry.metrics(),
  };
}

function addModelGauges(registers: PrometheusRegistry[], sources: Parameters<Metrics['watch']>[0]): void {
  const byModel = (
    name: string,
    help: string,
    read: (load: ReturnType<typeof sources.loads>[number]) => number | undefined,
  ): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['model'],
      registers,
      collect() {
        this.reset();
        for (const load of sources.loads()) {
          const value = read(load);
          if (value !== undefined) this.set({ model: load.model }, value);
        }
      },
    });
  byModel('gradus_model_waiting', 'Requests that wait for the model', (load) => load.waiting);
  byModel('gradus_model_running', 'Requests that the model works on', (load) => load.running);
  byModel('gradus_model_memory_bytes', 'Memory that the model holds', (load) => load.memoryBytes);
  addGauge(registers, 'gradus_open_streams', 'Answers that are being streamed', sources.openStreams);
}

function addProcessGauges(registers: PrometheusRegistry[]): void {
  addGauge(registers, 'process_resident_memory_bytes', 'Resident memory of the process', () =>
    process.memoryUsage.rss(),
  );
  addGauge(
    registers,
    'nodejs_heap_used_bytes',
    'Used heap of the process',
    () => process.memoryUsage().heapUsed,
  );
  addGauge(registers, 'process_cpu_seconds_total', 'User and system CPU time of the process', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
}

/** A gauge lives in its registry; the value is read each time somebody asks. */
function addGauge(registers: PrometheusRegistry[], name: string, help: string, read: () => number): Gauge {
  return new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}
