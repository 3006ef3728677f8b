import { readFileSync } from 'node:fs';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Labs that several files use, one file after another; machines that wait for theirs would only slow down the others. */
const SHARED = [/'hwt-access'/, /support\/main-lab/];

const lab = ({ moduleId }: TestSpecification): number => {
  const text = readFileSync(moduleId, 'utf8');
  return SHARED.findIndex((name) => name.test(text));
};

/** Files with a lab of their own first, then those of each shared one together. */
export class ByLab extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    return usual.toSorted((one, other) => lab(one) - lab(other));
  }
}
