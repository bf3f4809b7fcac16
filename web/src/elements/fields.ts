/** What somebody has written in the fields of a form, by their names. */
export function fieldsOf(event: SubmitEvent): Readonly<Record<string, string>> {
  const form = event.target as HTMLFormElement;
  const fields = [...form.querySelectorAll<HTMLInputElement | HTMLSelectElement>('[name]')];
  return Object.fromEntries(fields.map(({ name, value }) => [name, value.trim()]));
}
