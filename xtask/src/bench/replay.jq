# What `kaudit policy replay` counts, in jq: what each rule of $policy decides about, today and under $policy; the same for
# each day; and who takes the most.
#
# jq -nRc --argjson policy "$POLICY" -f replay.jq audit.log

# A condition that a rule does not have is met.
def allows($value): . == null or . == [] or any(.[]; . == $value);

def matches_pattern($resource):
  . == "*" or . == $resource.whole
  or ($resource.sub != "" and startswith("*/") and .[2:] == $resource.sub)
  or (endswith("/*") and .[:-2] == $resource.name);

def matches_entry($resource):
  (.group == "*" or (.group // "") == $resource.group)
  and ((.resources // []) == []
    or ((.resourceNames | allows($resource.object)) and any(.resources[]; matches_pattern($resource))));

def matches_path($path):
  . == "*" or . == $path or (endswith("*") and (.[:-1] as $prefix | $path | startswith($prefix)));

def matches($event; $resource; $path):
  (.users | allows($event.user.username))
  and ((.userGroups // []) as $groups
    | $groups == [] or any($event.user.groups[]?; . as $group | any($groups[]; . == $group)))
  and (.verbs | allows($event.verb))
  and (if (.namespaces // []) != [] or (.resources // []) != [] then
      $resource != null and (.namespaces | allows($resource.namespace))
      and ((.resources // []) == [] or any(.resources[]; matches_entry($resource)))
    elif (.nonResourceURLs // []) != [] then
      $resource == null and any(.nonResourceURLs[]; matches_path($path))
    else true end);

def resource:
  if .objectRef == null then null
  else
    .objectRef as $it
    | { name: ($it.resource // ""), sub: ($it.subresource // ""), namespace: ($it.namespace // ""),
        group: ($it.apiGroup // (($it.apiVersion // "") | if contains("/") then split("/")[0] else "" end)),
        # The body of a create brings the name, and the policy decides before.
        object: (if .verb == "create" and $it.subresource == null then "" else $it.name // "" end) }
    | .whole = (if .sub == "" then .name else "\(.name)/\(.sub)" end)
  end;

def member($key):
  if .[$key] == null then 0 else (.[$key] | tojson | utf8bytelength) + ($key | length) + 4 end;

# What the event takes under the rule; null where it is not logged.
def logged($rule; $bytes):
  if $rule == null or $rule.level == "None" then null
  elif .stage as $stage | any(($policy.omitStages // [])[], ($rule.omitStages // [])[]; . == $stage) then null
  else
    $bytes - (.level | length) + ($rule.level | length)
    - (if $rule.level == "Metadata" then member("requestObject") else 0 end)
    - (if $rule.level == "RequestResponse" then 0 else member("responseObject") end)
  end;

def add_to($sums; $bytes; $logged):
  .[$sums] |= (
    .events += 1 | .bytes += $bytes
    | if $logged == null then . else .loggedEvents += 1 | .loggedBytes += $logged end);

reduce (
    inputs as $line
    | ($line | try fromjson catch null)
    | if type != "object" then empty
      elif .kind == "EventList" then .items[] | [., (tojson | utf8bytelength)]
      else [., ($line | utf8bytelength)] end
    | select(.[0].stage != null)
  ) as [$event, $length]
  ({};
    ($length + 1) as $bytes
    | ($event | resource) as $resource
    | ($event.requestURI // "" | split("?")[0]) as $path
    | (first($policy.rules | to_entries[] | select(.value | matches($event; $resource; $path)) | .key) // null) as $rule
    | ($event | logged(if $rule == null then null else $policy.rules[$rule] end; $bytes)) as $logged
    | ($event | .stageTimestamp // .metadata.creationTimestamp // .requestReceivedTimestamp // .timestamp // "")
      as $written
    | .rules |= add_to($rule | tostring; $bytes; $logged)
    | .days |= add_to($written[:10]; $bytes; $logged)
    | .talkers |= add_to("\($event.user.username) \($event.verb) \($resource.whole // $path)"; $bytes; $logged))
| .talkers |= (to_entries | sort_by(-(.value.loggedBytes // 0)) | .[:10])
