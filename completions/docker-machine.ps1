# Completion of docker-machine for PowerShell. Put the line
#     docker-machine completion powershell | Out-String | Invoke-Expression
# into the file that $PROFILE names.
#
# The program itself knows what could stand at the cursor; this only asks it. By default machines are not contacted.
# With DOCKER_MACHINE_COMPLETE_STATES=true in the environment, only machines in the right state are offered.

Register-ArgumentCompleter -Native -CommandName docker-machine -ScriptBlock {
    param($word, $line, $cursor)
    $before = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { "$_" }
        })
    $arguments = @('__complete', 'powershell', $before.Count) + $before
    # Older versions drop an empty argument: the number of words tells that there is one.
    if ($word) { $arguments += $word.Trim("'", '"') }
    $kind, $candidates = & docker-machine $arguments 2>$null
    # With no candidates PowerShell completes paths by itself.
    foreach ($candidate in $candidates) {
        $text, $help = $candidate -split "`t", 2
        if (-not $help) { $help = $text }
        # \u2018 to \u201e are typographic quotes, which PowerShell takes for plain ones.
        $special = '[\s''"`$;|&(){}<>@#,\u2018-\u201e]'
        $quoted = if ($text -match $special) { "'" + ($text -replace "(['\u2018-\u201b])", '$1$1') + "'" } else { $text }
        [System.Management.Automation.CompletionResult]::new($quoted, $text, 'ParameterValue', $help)
    }
}
