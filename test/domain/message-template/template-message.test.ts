import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecord } from '../../../src/domain/commit-record.ts';
import {
  checkTemplate,
  messageFor,
  messageStyle,
  templateMessage,
} from '../../../src/domain/message-template/template-message.ts';
import { updateMessage } from '../../../src/domain/commit-message.ts';
import type { Change } from '../../../src/domain/plan/update-plan.ts';
import { automation } from '../../support/builders.ts';

const IMAGE = 'ghcr.io/stefanprodan/podinfo';
const context = {
  automation: { namespace: 'apps', name: 'update' },
  values: { empty: '', cluster: 'prod' },
};

const podinfo: Change = {
  policy: 'apps/podinfo',
  image: IMAGE,
  from: '6.1.0',
  to: '6.2.0',
  path: 'deploy/podinfo.yaml',
  line: 14,
  resource: 'Deployment apps/podinfo',
  object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'apps', name: 'podinfo' },
  locked: false,
  fields: [{ part: 'reference', line: 14, from: `${IMAGE}:6.1.0`, to: `${IMAGE}:6.2.0` }],
};
const values: Change = {
  policy: 'apps/api',
  image: 'ghcr.io/x/api',
  from: '1.0.0',
  to: '1.1.0',
  path: 'charts/values.yaml',
  line: 3,
  locked: true,
  fields: [{ part: 'tag', line: 3, from: '1.0.0', to: '1.1.0' }],
};
const TRAILERS = [
  `Image-Update: apps/podinfo ${IMAGE}:6.1.0 -> 6.2.0`,
  'Image-Lock: apps/api ghcr.io/x/api:1.0.0 -> 1.1.0',
];

/** What a template makes, without the trailers. */
function body(template: string, changes: readonly Change[] = [podinfo, values]): string {
  const message = templateMessage(template, changes, context);
  const end = message.indexOf('\n\nImage-');
  expect(end).toBeGreaterThan(0);
  return message.slice(0, end);
}

describe('a message template', () => {
  it('takes the example of Flux’s documentation as it stands', () => {
    const template = `Automated image update

Automation name: {{ .AutomationObject }}

Files:
{{ range $filename, $_ := .Changed.FileChanges -}}
- {{ $filename }}
{{ end -}}

Objects:
{{ range $resource, $changes := .Changed.Objects -}}
- {{ $resource.Kind | lower }} {{ $resource.Name | lower }}
  Changes:
{{- range $_, $change := $changes }}
  {{ if contains "6.2.0" $change.NewValue -}}
    - {{ $change.OldValue }} -> {{ $change.NewValue }}
  {{ else -}}
    [skip ci] wrong image
  {{ end -}}
{{ end -}}
{{ end -}}
`;
    expect(templateMessage(template, [podinfo], context).split('\n')).toEqual([
      'Automated image update',
      '',
      'Automation name: apps/update',
      '',
      'Files:',
      '- deploy/podinfo.yaml',
      'Objects:',
      '- deployment podinfo',
      '  Changes:',
      `  - ${IMAGE}:6.1.0 -> ${IMAGE}:6.2.0`,
      '',
      TRAILERS[0],
      '',
    ]);
  });

  it('tells the same step of many places once, as Flux does', () => {
    const elsewhere = { ...values, path: 'charts/other.yaml', line: 8 };
    const digest = { ...values, fields: [{ ...values.fields[0]!, part: 'digest' as const }] };
    const template =
      '{{ range .Changed.Changes }}{{ .Setter }} {{ .File }}:{{ .Line }};{{ end }}' +
      '{{ range $f, $_ := .Changed.FileChanges }} {{ $f }}{{ end }}' +
      '{{ range $_, $changes := .Changed.Objects }} {{ len $changes }}{{ end }}';
    expect(body(template, [values, elsewhere, digest])).toBe(
      'apps:api:tag charts/values.yaml:3;apps:api:digest charts/values.yaml:3;' +
        ' charts/other.yaml charts/values.yaml 3',
    );
  });

  it('names the kind of an object without a name', () => {
    const object = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
    const template =
      '{{ range $o, $_ := .Changed.Objects }}{{ $o.APIVersion }} {{ $o.Kind }}/{{ $o.Name }}{{ $o.Namespace }} {{ $o }}{{ end }}';
    expect(body(template, [{ ...values, object }])).toBe(
      'kustomize.config.k8s.io/v1beta1 Kustomization/ Kustomization',
    );
  });

  it.each([
    ['{{ .Values.cluster }}: {{ len .Changed.Changes }} changes', 'prod: 2 changes'],
    ['{{ .AutomationObject.Namespace }}/{{ .AutomationObject.Name }}', 'apps/update'],
    ['{{range .Changed.Changes}}{{.Setter}} {{end}}', 'apps:podinfo apps:api:tag'],
    [
      '{{ range .Changed.Changes }}{{ .Policy }}={{ .OldTag }}>{{ .NewTag }},{{ end }}',
      'apps/podinfo=6.1.0>6.2.0,apps/api=1.0.0>1.1.0,',
    ],
    [
      '{{ range .Changed.Changes }}{{ .File }}:{{ .Line }} {{ .Image | base }}{{ if .Locked }} locked{{ end }};{{ end }}',
      'deploy/podinfo.yaml:14 podinfo;charts/values.yaml:3 api locked;',
    ],
    [
      '{{ range $i, $c := .Changed.Changes }}{{ if $i }}, {{ end }}{{ $c }}{{ end }}',
      `${IMAGE}:6.1.0 -> ${IMAGE}:6.2.0, 1.0.0 -> 1.1.0`,
    ],
    [
      '{{ range $f, $objects := .Changed.FileChanges }}{{ range $o, $cs := $objects }}{{ $f }}={{ $o.Kind | default "none" }}/{{ len $cs }} {{ end }}{{ end }}',
      'charts/values.yaml=none/1 deploy/podinfo.yaml=Deployment/1',
    ],
    ['{{ with .Values.empty }}x{{ else with .Values.cluster }}{{ . }}{{ end }}', 'prod'],
    [
      '{{ if eq .Values.cluster "a" "prod" }}yes{{ else if true }}no{{ else }}never{{ end }}',
      'yes',
    ],
    ['{{ if .Values.other }}x{{ else }}none{{ end }}', 'none'],
    ['{{ .Values.other | default "none" }}', 'none'],
    ['{{ $n := 1 }}{{ range .Changed.Changes }}{{ $n = add $n 1 }}{{ end }}{{ $n }}', '3'],
    ['{{ (index .Changed.Changes 0).NewTag }}{{ (first .Changed.Changes).OldTag }}', '6.2.06.1.0'],
    [
      '{{ $.Values.cluster }}{{ range .Changed.Changes }}{{ $.Values.cluster | upper }}{{ break }}{{ end }}',
      'prodPROD',
    ],
    [
      '{{ range .Changed.Changes }}{{ if .Locked }}{{ continue }}{{ end }}{{ .NewTag }}{{ end }}',
      '6.2.0',
    ],
    ['a  {{- /* nothing */ -}}  b', 'ab'],
    ['{{ "tab\\tquote\\"" }}|{{ `raw \\n` }}', 'tab\tquote"|raw \\n'],
    ['{{ printf "%s-%d %q 100%%" "a" 2 "b" }}', 'a-2 "b" 100%'],
    ['{{ list "b" "a" "b" | uniq | sortAlpha | join "+" }}', 'a+b'],
    ['{{ splitList "/" "a/b" | last }}{{ trunc 2 "abc" }}{{ trunc -1 "abc" }}', 'babc'],
    [
      '{{ replace "." "_" "1.2.3" }} {{ trimPrefix "v" "v1" }} {{ title "ab cd" }}',
      '1_2_3 1 Ab Cd',
    ],
    ['{{ ternary "a" "b" (and true (not false)) }}{{ coalesce "" "c" }}', 'ac'],
    ['x{{ nindent 2 "a\\nb" }}', 'x\n  a\n  b'],
    ['{{ range .Values.other }}x{{ else }}none{{ end }}', 'none'],
    ['{{ range list }}x{{ else }}none{{ end }}', 'none'],
    [
      '{{ range $k, $v := .Values }}{{ $k }}={{ $v | quote }};{{ end }}',
      'cluster="prod";empty="";',
    ],
    ['{{ if $c := .Values.cluster }}{{ $c }} {{ .AutomationObject }}{{ end }}', 'prod apps/update'],
    ['{{ with $c := .Values.cluster }}{{ $c }} {{ . }}{{ end }}', 'prod prod'],
    ['{{ len list }}{{ nil | default "x" }}', '0x'],
    ['{{ .Values }}', 'map[cluster:prod empty:]'],
    ['{{ with .Changed }}{{ . }}{{ end }}', '2 changes'],
    [
      '{{ range .Changed.Changes }}{{ range list 1 2 }}{{ . }}{{ continue }}x{{ end }}{{ break }}{{ end }}',
      '12',
    ],
  ])('%j', (template, want) => {
    expect(body(template)).toBe(want);
  });

  it('joins its own trailers with ours', () => {
    const template =
      'Update\n\nfor {{ .Values.cluster }}\n\nReviewed-by: nobody\nTeam: {{ .Values.cluster }}\n';
    expect(templateMessage(template, [podinfo], context).split('\n').slice(3)).toEqual([
      '',
      'Reviewed-by: nobody',
      'Team: prod',
      TRAILERS[0],
      '',
    ]);
  });

  it('can neither forge nor drop ours', () => {
    const forged = 'Image-Update: apps/other x:1 -> 2\nImage-Release: apps/podinfo a.yaml';
    const message = templateMessage(
      `${forged}\n\n{{ .Values.x | default "" }}${forged}\r\n`,
      [podinfo],
      {
        ...context,
        values: {},
      },
    );
    expect(readRecord(message)).toEqual({
      steps: [{ policy: 'apps/podinfo', to: '6.2.0' }],
      releases: [],
    });
    const evil = { ...podinfo, path: 'a\n\nImage-Release: apps/podinfo b.yaml' };
    const told = templateMessage(
      '{{ range .Changed.Changes }}{{ .File }}{{ end }}',
      [evil],
      context,
    );
    expect(readRecord(told)).toEqual(readRecord(message));
  });
});

describe('a template that is wrong', () => {
  it.each([
    [
      'a\n{{ .Updated.Images }}',
      'line 2: .Updated was Flux’s former data; use .Changed.FileChanges',
    ],
    [
      '{{ .Chnged }}',
      'line 1: there is no .Chnged; there are .AutomationObject, .Changed, .Values',
    ],
    ['{{ .Values.nothing }}', 'line 1: there is no such value; guard it with `if` or `default`'],
    ['{{ if true }}x', 'line 1: the block has no "{{ end }}"'],
    ['a\n\n{{ end }}', 'line 3: "end" without "if", "range" or "with"'],
    ['{{ if true }}{{ else }}{{ else }}{{ end }}', 'line 1: a block has one "else" at most'],
    ['{{ lowwer "A" }}', 'line 1: there is no function lowwer; did you mean lower?'],
    ['{{ qqqqqqqq }}', /line 1: there is no function qqqqqqqq$/],
    ['{{ lower }}', 'line 1: lower takes 1 values, and not 0'],
    ['{{ .Values', 'line 1: "{{" without "}}"'],
    ['{{ "a }}', 'line 1: "\\"" has no meaning here'],
    ['{{ template "x" }}', 'line 1: "template" is not supported in commit messages'],
    ['{{ $x }}', 'line 1: there is no variable $x'],
    ['{{ range .Values.cluster }}{{ end }}x', 'line 1: range needs a list or a map'],
    ['{{ (lower "A" }}', 'line 1: "(" without ")"'],
    ['{{ "a" | }}', 'line 1: a value is missing'],
    ['{{ "a" "b" }}', 'line 1: only a function takes values'],
    ['{{ "a" | "b" }}', 'line 1: only a function takes values'],
    ['{{ $a, $b := 1 }}x', 'line 1: only "range" sets two variables'],
    ['{{ range $a, $b, $c := .Values }}x{{ end }}', 'line 1: one or two variables can be set'],
    ['{{ := 1 }}x', 'line 1: one or two variables can be set'],
    ['{{ $ = 1 }}x', 'line 1: only variables ($name) can be set'],
    ['{{ $x = 1 }}x', 'line 1: there is no variable $x'],
    [
      '{{ if true }}{{ else range .Values }}{{ end }}',
      'line 1: after "else" comes nothing, "if" or "with"',
    ],
    ['{{ "a" ) }}', 'line 1: ")" without "("'],
    ['{{ , }}', 'line 1: "," has no meaning here'],
    ['{{ () }}', 'line 1: a value is missing'],
    [
      `{{ ${'('.repeat(40)}1${')'.repeat(40)} }}`,
      'line 1: parentheses stand too deep in one another',
    ],
    ['a\n{{ break }}', 'line 2: "break" outside of "range"'],
    ['{{ range list }}{{ else }}{{ continue }}{{ end }}', 'line 1: "continue" outside of "range"'],
    ['{{ .Values.other.more }}', 'line 1: .more: there is no value to look in'],
    ['{{ .Values.cluster.more }}', 'line 1: .more: this value has no fields'],
    ['{{ .Changed.Changes.More }}', 'line 1: .More: this value has no fields'],
    ['{{ .constructor }}', 'line 1: there is no .constructor; there are .AutomationObject'],
    ['{{ "\\x" }}', 'line 1: "\\x" is no string; known escapes are'],
    ['{{ range .AutomationObject }}x{{ end }}', 'line 1: range needs a list or a map'],
    [' \n {{ "" }}', 'the message would be empty'],
    [`${'{{ if true }}'.repeat(40)}x${'{{ end }}'.repeat(40)}`, 'too deep'],
    ['{{ now }}', 'line 1: there is no function now'],
  ])('is refused when it is applied: %j', (template, message) => {
    expect(() => checkTemplate(template, { cluster: 'prod' })).toThrow(message);
  });

  const bomb = (inner: string, depth: number) =>
    `${'{{ range list 1 2 3 4 5 6 7 8 9 }}'.repeat(depth)}${inner}${'{{ end }}'.repeat(depth)}`;
  it.each([
    ['loops in loops', bomb('x', 12)],
    ['loops that print nothing', bomb('', 12)],
    ['a text that doubles', `{{ $x := "0123456789" }}${'{{ $x = print $x $x }}'.repeat(60)}x`],
    ['a text repeated', '{{ repeat 1000 (repeat 1000 "x") }}'],
    ['a replacement that grows', '{{ $x := repeat 1000 "aaaa" }}{{ replace "a" $x $x }}'],
    ['a list joined by much', '{{ $x := repeat 1000 "aaaa" }}{{ join $x (splitList "" $x) }}'],
  ])('ends soon, whatever it says: %s', (_, template) => {
    expect(() => checkTemplate(template, {})).toThrow(
      'the message becomes too long, or takes too much work',
    );
  });

  it('never fails but by saying so', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '-',
      ' ',
      '$x',
      ':=',
      '.A',
      '.Values',
      '(',
      ')',
      '|',
      '"',
      '`',
      'if',
      'range',
      'end',
      'else',
      'lower',
      '/*',
      '\n',
      ',',
      '1',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        try {
          checkTemplate(pieces.join(''), {});
        } catch (error) {
          expect(error).toMatchObject({ code: 'resource/invalid' });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('on what no sample has shown, gives way to the default message and is told of', () => {
    const template = '{{ if eq (len .Changed.Changes) 3 }}{{ .Oops }}{{ end }}x';
    checkTemplate(template, {});
    const third = { ...values, policy: 'apps/third' };
    const { message, fault } = messageFor([podinfo, values, third], { ...context, template });
    expect(fault).toMatch(/^line 1: there is no \.Oops/);
    expect(message).toBe(updateMessage([podinfo, values, third]));
  });
});

describe('the style of messages', () => {
  it.each([
    {
      name: 'is our own without an automation',
      automation: undefined,
      want: { automation: { namespace: '', name: '' }, template: undefined, values: {} },
    },
    {
      name: 'is our own for an automation that says nothing of it',
      automation: automation(),
      want: { automation: { namespace: 'apps', name: 'update' }, template: undefined, values: {} },
    },
    {
      name: 'is what the automation says',
      automation: automation({
        commit: { messageTemplate: '{{ .Values.a }}', values: { a: 'b' } },
      }),
      want: {
        automation: { namespace: 'apps', name: 'update' },
        template: '{{ .Values.a }}',
        values: { a: 'b' },
      },
    },
  ])('$name', ({ automation: of, want }) => {
    expect(messageStyle(of)).toEqual(want);
  });

  it('without a template is the default', () => {
    expect(messageFor([podinfo], context)).toEqual({ message: updateMessage([podinfo]) });
  });
});
