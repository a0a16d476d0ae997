import { inContext, token, valueOf, type ContentRule } from './content-rule.ts'
import { isMadeUp } from './placeholders.ts'

const hex32 = '[0-9a-f]{32}'

/** Formats as their issuers document them, or as GitHub's secret scanning and gitleaks know them. */
export const tokenRules: readonly ContentRule[] = [
  {
    rule: 'aws-access-key-id',
    literals: [{ text: 'AKIA' }, { text: 'ASIA' }],
    before: 2,
    after: 24,
    // Base32; an id inside a longer run of Base64 is none.
    pattern: /(?<!(?<!\\)[A-Za-z0-9/+_-])A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9/+=_-])/y,
  },
  {
    rule: 'aws-secret-access-key',
    literals: ['ret_key', 'retkey', 'ret_access', 'retaccess'].map((text) => ({ text, anyCase: true })),
    before: 8,
    after: 120,
    pattern:
      /secret_?(?:access_?)?key\\?["'\]]{0,2}\s{0,8}(?:=>|[:=])\s{0,8}\\?["'`]?(?<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi,
    // A digest in hexadecimal is none.
    isSecret: (match) => /[A-Z]/.test(valueOf(match)) && /[g-z]/.test(valueOf(match)) && !isMadeUp(valueOf(match)),
  },
  token('github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], 'gh[pousr]_[A-Za-z0-9]{36,255}'),
  token('github-token', ['github_pat_'], 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'),
  // https://docs.gitlab.com/security/tokens/#token-prefixes
  token(
    'gitlab-token',
    ['glpat-', 'gldt-', 'glrt-', 'glrtr-', 'glcbt-', 'glptt-', 'glft-', 'glimt-', 'glagent-', 'gloas-', 'glsoat-'],
    String.raw`gl(?:pat|dt|rtr?|cbt|ptt|ft|imt|agent|oas|soat)-[A-Za-z0-9_-]{20,300}(?:\.[a-z0-9]{2}\.[a-z0-9]{9})?`,
  ),
  token('gitlab-token', ['GR1348941'], 'GR1348941[A-Za-z0-9_-]{20}'),
  token(
    'slack-token',
    ['xoxa-', 'xoxb-', 'xoxe-', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-'],
    String.raw`xox[abeoprs]-(?:\d{1,16}-){1,3}[A-Za-z0-9]{16,64}`,
  ),
  token(
    'slack-token',
    ['xoxe.xox', 'xapp-'],
    String.raw`xoxe\.xox[bp]-\d-[A-Za-z0-9]{100,200}|xapp-\d-[A-Z0-9]{8,16}-\d{8,16}-[a-z0-9]{40,80}`,
  ),
  token(
    'slack-webhook',
    ['hooks.slack.com/'],
    String.raw`hooks\.slack\.com\/(?:services\/T[A-Z0-9]{8,12}\/B[A-Z0-9]{8,12}|workflows\/T[A-Z0-9]{8,12}\/A[A-Z0-9]{8,12}\/\d{10,20})\/[A-Za-z0-9]{20,30}`,
  ),
  token('stripe-key', ['sk_live_', 'rk_live_'], '[rs]k_live_[A-Za-z0-9]{16,247}'),
  token('stripe-key', ['whsec_'], 'whsec_[A-Za-z0-9]{32,64}'),
  token('google-api-key', ['AIza'], 'AIza[A-Za-z0-9_-]{35}(?!-)'),
  token('google-oauth-secret', ['GOCSPX-'], 'GOCSPX-[A-Za-z0-9_-]{28}(?!-)'),
  token('npm-token', ['npm_'], 'npm_[A-Za-z0-9]{36}'),
  token(
    'pypi-token',
    ['pypi-AgEIcHlwaS5vcmc', 'pypi-AgENdGVzdC5weXBpLm9yZw'],
    'pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,250}',
  ),
  token('sendgrid-key', ['SG.'], String.raw`SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?!-)`),
  inContext(
    'twilio-key',
    [{ text: 'twilio', anyCase: true }],
    /[A-Za-z]{6}[\s\S]{0,120}?(?<![A-Za-z0-9])(?<value>SK[0-9a-f]{32})(?![A-Za-z0-9])/y,
    { before: 0, after: 200 },
  ),
  inContext(
    'twilio-key',
    [{ text: 'twilio', anyCase: true }],
    /[A-Za-z]{6}[\s\S]{0,120}?(?:auth_?[Tt]oken|AUTH_?TOKEN)["'\]]{0,2}\s{0,4}(?:=>|[:=])\s{0,4}["']?(?<value>[0-9a-f]{32})(?![A-Za-z0-9])/y,
    { before: 0, after: 200 },
  ),
  inContext('mailgun-key', [{ text: 'key-' }], new RegExp(`(?<=["'=:\\s\`])key-${hex32}(?![A-Za-z0-9-])`, 'y'), {
    before: 1,
    after: 64,
  }),
  inContext(
    'mailchimp-key',
    [{ text: '-us', after: /[0-9a-f]/ }],
    new RegExp(String.raw`(?<![A-Za-z0-9])${hex32}-us\d{1,2}(?![A-Za-z0-9])`, 'g'),
    { before: 33, after: 16 },
  ),
  {
    rule: 'azure-storage-key',
    literals: [{ text: 'AccountKey=' }],
    before: 0,
    after: 160,
    pattern: /AccountKey=(?<value>[A-Za-z0-9+/]{86}==)/y,
    // The key of the storage emulator is in Microsoft's documentation, the same for everybody.
    isSecret: (match) => !valueOf(match).startsWith('Eby8vdM02x') && !isMadeUp(valueOf(match)),
  },
  token(
    'azure-storage-key',
    ['SharedAccessKey='],
    'SharedAccessKey=[A-Za-z0-9+/]{43}=|SharedAccessKey=[A-Za-z0-9+/]{33}AEh[A-Za-z0-9+/]{7}=',
  ),
  {
    rule: 'azure-sas',
    literals: [{ text: 'sig=' }],
    before: 500,
    after: 500,
    pattern: /(?<=[?&;])sig=(?<value>[A-Za-z0-9+/%]{40,80}(?:%3[Dd]|=))(?![A-Za-z0-9])/y,
    // A shared access signature says its version and its end.
    isSecret: (match) => /[?&;]s[ve]=20\d\d-/.test(match.input) && !isMadeUp(valueOf(match)),
  },
  inContext(
    'azure-client-secret',
    [{ text: '7Q~' }, { text: '8Q~' }].map((literal) => ({ ...literal, after: /[A-Za-z0-9_~.]/ })),
    /(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])/g,
    { before: 4, after: 48 },
  ),
  token('digitalocean-token', ['dop_v1_', 'doo_v1_', 'dor_v1_'], 'do[opr]_v1_[0-9a-f]{64}'),
  token('shopify-token', ['shpat_', 'shpss_', 'shpca_', 'shppa_'], 'shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}'),
  inContext(
    'openai-key',
    [{ text: 'T3BlbkFJ' }],
    /(?<![A-Za-z0-9_-])sk-(?:[A-Za-z]{1,12}-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}(?![A-Za-z0-9])/g,
    { before: 128, after: 128 },
  ),
  token('anthropic-key', ['sk-ant-'], 'sk-ant-(?:api|admin|oat|ort|sid)[0-9]{2}-[A-Za-z0-9_-]{80,120}(?!-)'),
  token('vault-token', ['hvs.', 'hvb.', 'hvr.'], String.raw`hv[sbr]\.[A-Za-z0-9_-]{24,250}(?!-)`),
  token(
    'doppler-token',
    ['dp.pt.', 'dp.st.', 'dp.ct.', 'dp.sa.', 'dp.scim.', 'dp.audit.'],
    String.raw`dp\.(?:pt|st(?:\.[a-z0-9_-]{2,35})?|ct|sa|scim|audit)\.[A-Za-z0-9]{40,44}`,
  ),
  token('databricks-token', ['dapi'], `dapi${hex32}(?:-\\d)?(?!-)`),
  token('linear-key', ['lin_api_', 'lin_oauth_'], 'lin_(?:api|oauth)_[A-Za-z0-9]{40,64}'),
  token('atlassian-token', ['ATATT3', 'ATCTT3', 'ATBB'], 'AT(?:AT|CT)T3[A-Za-z0-9_=-]{180,240}|ATBB[A-Za-z0-9]{32}'),
  token('huggingface-token', ['hf_'], 'hf_[A-Za-z]{34}'),
  inContext(
    'telegram-bot-token',
    [{ text: ':AA', after: /[0-9]/ }],
    /(?<![A-Za-z0-9_.-])\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/g,
    { before: 12, after: 48 },
  ),
  inContext(
    'discord-token',
    [{ text: 'discord', anyCase: true }],
    /[A-Za-z]{7}[\s\S]{0,120}?(?<![A-Za-z0-9_-])(?<value>[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38})(?![A-Za-z0-9_-])/y,
    { before: 0, after: 240 },
  ),
  inContext(
    'discord-webhook',
    [{ text: '/api/webhooks/' }],
    /\/api\/webhooks\/\d{17,20}\/[A-Za-z0-9_-]{60,80}(?![A-Za-z0-9_-])/y,
    { before: 0, after: 128 },
  ),
  token('nuget-key', ['oy2'], 'oy2[a-z0-9]{43}'),
  token('rubygems-key', ['rubygems_'], 'rubygems_[0-9a-f]{48}'),
  token('docker-token', ['dckr_pat_', 'dckr_oat_'], 'dckr_[po]at_[A-Za-z0-9_-]{27,32}(?!-)'),
  inContext(
    'terraform-token',
    [{ text: '.atlasv1.' }],
    /(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,80}(?![A-Za-z0-9_-])/g,
    { before: 16, after: 128 },
  ),
  token(
    'grafana-token',
    ['glsa_', 'glc_eyJ'],
    'glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_eyJ[A-Za-z0-9+/]{60,400}={0,2}',
    600,
  ),
  token('new-relic-key', ['NRAK-'], 'NRAK-[A-Z0-9]{27}'),
  token('sentry-token', ['sntrys_eyJ', 'sntryu_'], 'sntrys_eyJ[A-Za-z0-9+/=_]{80,500}|sntryu_[0-9a-f]{64}', 700),
  token('planetscale-token', ['pscale_'], 'pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}(?!-)'),
  token('postman-key', ['PMAK-'], 'PMAK-[0-9a-f]{24}-[0-9a-f]{34}'),
  token('square-token', ['sq0csp-', 'sq0atp-'], 'sq0(?:csp-[A-Za-z0-9_-]{43}|atp-[A-Za-z0-9_-]{22})(?!-)'),
  token('pulumi-token', ['pul-'], 'pul-[0-9a-f]{40}'),
  token('netlify-token', ['nfp_'], 'nfp_[A-Za-z0-9]{36}'),
  token('supabase-token', ['sbp_', 'sb_secret_'], 'sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{31}'),
  token('figma-token', ['figd_'], 'figd_[A-Za-z0-9_-]{40}(?!-)'),
  token('dynatrace-token', ['dt0c01.', 'dt0s16.'], String.raw`dt0[cs]\d{2}\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}`),
  token('brevo-key', ['xkeysib-', 'xsmtpsib-'], 'x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}'),
  token('cloudflare-key', ['v1.0-'], 'v1\\.0-[0-9a-f]{24}-[0-9a-f]{146}'),
]
