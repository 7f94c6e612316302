# shellcheck shell=bash
# A host's processes live in control groups of their own, one in each hierarchy. Without that, two
# hosts would share their services' groups, and each systemd would tidy up the other's.

# The mount point of every hierarchy, v1 and v2.
cgroup_hierarchies() {
    awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/self/mounts
}

# cgroup_join NAME: moves the calling shell.
cgroup_join() {
    local hierarchy group
    while read -r hierarchy; do
        group=$hierarchy/docker-machine-lab/$1
        # A v1 cpuset has no CPUs and no memory until it is told to take its parent's.
        [ ! -e "$hierarchy/cpuset.cpus" ] || [ ! -e "$hierarchy/cgroup.clone_children" ] ||
            echo 1 >"$hierarchy/cgroup.clone_children"
        mkdir -p "$group"
        [ ! -e "$hierarchy/cgroup.subtree_control" ] || cgroup_delegate "$hierarchy"
        echo "$BASHPID" >"$group/cgroup.procs"
    done < <(cgroup_hierarchies)
}

# v2: what the parent does not hand down, the host's systemd and Docker cannot use.
cgroup_delegate() {
    local parent=$1/docker-machine-lab controller
    for controller in $(<"$parent/cgroup.controllers"); do
        echo "+$controller" >"$parent/cgroup.subtree_control" 2>/dev/null || true
    done
}

# cgroup_end NAME: ends what still runs in the group and removes it. Usually everything is over by
# then; but a host whose systemd-nspawn was killed would go on without it.
cgroup_end() {
    wait_until 5 cgroup_try_end "$1" || say "the control group $1 is still busy"
}

cgroup_try_end() {
    local hierarchy groups=() pid
    while read -r hierarchy; do
        [ ! -d "$hierarchy/docker-machine-lab/$1" ] || groups+=("$hierarchy/docker-machine-lab/$1")
    done < <(cgroup_hierarchies)
    [ ${#groups[@]} -gt 0 ] || return 0
    while read -r pid; do
        kill -s KILL "$pid" 2>/dev/null || true
    done < <(find "${groups[@]}" -name cgroup.procs -exec cat {} + 2>/dev/null)
    # A process that was just killed keeps its group busy for a moment.
    find "${groups[@]}" -depth -type d -exec rmdir {} + 2>/dev/null
}
