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

# A process that was just killed may keep its group busy for a moment.
cgroup_remove() {
    wait_until 2 cgroup_try_remove "$1" || true
}

cgroup_try_remove() {
    local hierarchy group left=0
    while read -r hierarchy; do
        group=$hierarchy/docker-machine-lab/$1
        [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || left=1
    done < <(cgroup_hierarchies)
    return $left
}
