/** Sampling fields of a body with their defaults: the one place that says what "absent" means. */
import type { Sampling } from '../kernel/request.ts';
import type { SamplingBody } from './wire/parameter.ts';

export function toSampling(body: SamplingBody): Sampling {
  const bias = new Map<number, number>();
  for (const [token, value] of Object.entries(body.logit_bias ?? {})) bias.set(Number(token), value);
  return {
    temperature: body.temperature ?? 1,
    topP: body.top_p ?? 1,
    ...(typeof body.top_k === 'number' && body.top_k > 0 ? { topK: body.top_k } : {}),
    ...(typeof body.min_p === 'number' ? { minP: body.min_p } : {}),
    frequencyPenalty: body.frequency_penalty ?? 0,
    presencePenalty: body.presence_penalty ?? 0,
    logitBias: bias,
    ...(typeof body.seed === 'number' ? { seed: body.seed } : {}),
  };
}

export function toStop(stop: SamplingBody['stop']): readonly string[] {
  if (stop == null) return [];
  return typeof stop === 'string' ? [stop] : stop;
}
