/** Graphs of work as `npm start -- --demo graph` plays them, with a smaller fan-in: each job runs once, after all that it depends on. */
import { beforeAll, expect, it, jest } from '@jest/globals';
import { scenesOf } from '../../demo/graph/scenes.ts';
import { type GraphStage, openStage } from '../../demo/graph/stage.ts';
import { closedAfterAll } from '../support/closing.ts';

jest.setTimeout(150_000);

const opened = closedAfterAll();
let stage: GraphStage;
beforeAll(async () => {
  stage = opened(await openStage());
});

it.each(scenesOf(40).map((scene) => [scene.name, scene] as const))(
  'the %s is as it should be',
  async (_, scene) => {
    const said: string[] = [];
    const signal = new AbortController().signal;
    expect(await scene.play(stage, (line) => said.push(line), signal)).toEqual([]);
    expect(said).not.toEqual([]);
  },
);
