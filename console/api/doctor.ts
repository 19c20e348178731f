/** What the command that serves this page finds in the account, with the rights of its operator: no call of the API. */
import { Refusal, refusalOf } from './call.ts';
import { secretOf } from './session.ts';

export interface Diagnosis {
  readonly id: string;
  /** Absent for what is not applicable. */
  readonly ok?: boolean;
  readonly says: string;
  readonly fix?: string;
}

export async function diagnoses(signal: AbortSignal): Promise<readonly Diagnosis[]> {
  const headers = { 'headgate-console': (await secretOf()) ?? 'none' };
  let response: Response;
  try {
    response = await fetch('/console/doctor', { headers, signal });
  } catch {
    signal.throwIfAborted();
    throw new Refusal('The console gives no answer.', { status: 0, code: 'no_answer', pointer: '' });
  }
  if (!response.ok) throw await refusalOf(response);
  const { items } = (await response.json()) as { readonly items: readonly Diagnosis[] }; // what the server of this page makes
  return items;
}
