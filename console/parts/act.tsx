/** An act of an operator: first what it will do, then what it did. */
import { useQueryClient } from '@tanstack/react-query';
import type { ComponentChildren } from 'preact';
import { useSyncExternalStore } from 'preact/compat';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Told } from '../api/told.ts';
import { Copies } from '../copies/copies.tsx';

/** What a reader has written into the question so far. */
export interface Written {
  readonly reason: string;
  readonly form: FormData;
  /** Of this question: with it a second try finds what the first has begun, when its answer was lost. */
  readonly key: string;
}

export interface Given extends Written {
  /** Says how far it is, while it takes long. @param stop ends it early; absent where nothing can */
  tell(sofar: string, stop?: () => void): void;
}

export interface ActProps {
  /** Of the button that opens it. */
  readonly label: string;
  readonly title: string;
  /** What will be done, and what it changes for others. */
  readonly will: ComponentChildren;
  /** Of the button that does it. */
  readonly confirm: string;
  /** Names a reason that the stack keeps; it is asked for. */
  readonly reason?: string;
  readonly disabled?: boolean;
  /** Further fields, within the form. */
  readonly children?: ComponentChildren;
  /** What it asks of the API, to be copied before it is done. */
  calls(written: Written): readonly Told[];
  /** @returns what was done, for the operator */
  run(given: Given): Promise<ComponentChildren>;
}

/** What an act tells once its call was answered. */
export async function then(call: Promise<unknown>, told: string): Promise<string> {
  await call;
  return told;
}

type Stage =
  | { readonly kind: 'asks' }
  | { readonly kind: 'acts'; readonly sofar?: string; readonly stop?: (() => void) | undefined }
  | { readonly kind: 'did'; readonly told: ComponentChildren }
  | { readonly kind: 'refused'; readonly sentence: string };

/** The act that is asked about, until its reader closes it: what it did may have taken its button from the screen. */
let asked: ActProps | undefined;
const listeners = new Set<() => void>();
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
function ask(act: ActProps | undefined): void {
  asked = act;
  for (const listener of listeners) listener();
}

export function Act(props: ActProps) {
  return (
    <button type="button" onClick={() => ask(props)} disabled={props.disabled === true}>
      {props.label}
    </button>
  );
}

/** The dialog of all acts; once in the page. */
export function ActDialog() {
  const act = useSyncExternalStore(subscribe, () => asked);
  // A dialog that closes late must not take away the one that was asked for after it.
  const onClose = () => {
    if (asked === act) ask(undefined);
  };
  return act === undefined ? null : <Dialog key={act.title} {...act} onClose={onClose} />;
}

function Dialog({ onClose, ...props }: ActProps & { onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [stage, setStage] = useState<Stage>({ kind: 'asks' });
  const [key] = useState(() => crypto.randomUUID());
  const queries = useQueryClient();
  useLayoutEffect(() => {
    // Opened with the act itself, so that what is typed next goes into it. Closing it leads the focus back to the button, or to the top of the screen when that is gone.
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before?.isConnected !== true) document.querySelector('h1')?.focus();
    };
  }, []);
  const run = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement); // the form that has this handler
    setStage({ kind: 'acts' });
    try {
      const tell: Given['tell'] = (sofar, stop) => setStage({ kind: 'acts', sofar, stop });
      const told = await props.run({ ...writtenIn(form, key), tell });
      setStage({ kind: 'did', told });
    } catch (error) {
      setStage({ kind: 'refused', sentence: error instanceof Error ? error.message : 'It failed.' });
    }
    await queries.invalidateQueries();
  };
  const close = () => dialog.current?.close();
  return (
    <dialog ref={dialog} aria-label={props.title} class="act" onClose={onClose}>
      {stage.kind === 'did' ? (
        <Done title={props.title} told={stage.told} close={close} />
      ) : (
        <Question {...props} stage={stage} asked={key} close={close} act={run} />
      )}
    </dialog>
  );
}

const writtenIn = (form: FormData, key: string): Written => ({
  reason: String(form.get('reason') ?? '').trim(),
  form,
  key,
});

function Done({ title, told, close }: { title: string; told: ComponentChildren; close(): void }) {
  return (
    <>
      <h2>{title}</h2>
      <p role="status">
        <span class="mark good" aria-hidden="true">
          ✓
        </span>{' '}
        {told}
      </p>
      <div class="choices">
        <button type="button" class="first" onClick={close}>
          Close
        </button>
      </div>
    </>
  );
}

function Question({
  title,
  will,
  confirm,
  reason,
  children,
  calls,
  stage,
  asked,
  close,
  act,
}: ActProps & { stage: Stage; asked: string; close(): void; act(event: SubmitEvent): Promise<void> }) {
  const acts = stage.kind === 'acts';
  const form = useRef<HTMLFormElement>(null);
  return (
    <form ref={form} onSubmit={act}>
      <h2>{title}</h2>
      <p>{will}</p>
      {children}
      {reason !== undefined && (
        <label>
          {reason}
          <input name="reason" required maxLength={256} autoComplete="off" />
        </label>
      )}
      {stage.kind === 'refused' && (
        <p class="refused" role="alert">
          Nothing was done: {stage.sentence}
        </p>
      )}
      {stage.kind === 'acts' && stage.sofar !== undefined && <p role="status">{stage.sofar} done</p>}
      <div class="choices">
        <span class="copies">
          <Copies calls={() => calls(writtenIn(new FormData(form.current ?? undefined), asked))} />
        </span>
        {stage.kind === 'acts' && stage.stop !== undefined && (
          <button type="button" onClick={stage.stop}>
            Stop
          </button>
        )}
        <button type="button" onClick={close}>
          {acts ? 'Close' : 'Leave it'}
        </button>
        <button type="submit" class="first" disabled={acts}>
          {acts ? 'Doing it…' : confirm}
        </button>
      </div>
    </form>
  );
}
