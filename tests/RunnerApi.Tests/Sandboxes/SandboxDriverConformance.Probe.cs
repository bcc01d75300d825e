using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

public abstract partial class SandboxDriverConformance
{
    private const string Probe = """
        say() { echo "$1=$2"; }
        say uid "$(id -u)"; say groups "$(id -G)"
        grep ^Cap /proc/self/status | while read -r name set; do say "$name" "$set"; done
        say nnp "$(setpriv -d | grep no_new_privs)"
        say seccomp "$(grep ^Seccomp: /proc/self/status | tr -d 'A-Za-z:[:space:]')"
        say net "$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' \n')"
        say routes "$(tail -n +2 /proc/net/route | grep -c .)"
        for dir in / /bin /etc /dev /proc /sys /run /sys/fs/cgroup /data /home /root /var /usr; do
          if [ -d $dir ] && touch $dir/probe 2>/dev/null; then say writable $dir; fi
        done
        touch /tmp/probe && say tmp writable
        cp /bin/busybox /tmp/bb && chmod 755 /tmp/bb && if /tmp/bb true 2>/dev/null; then say exec /tmp; fi; rm -f /tmp/bb
        cp /bin/busybox /dev/shm/bb 2>/dev/null; if /dev/shm/bb true 2>/dev/null; then say exec /dev/shm; fi; rm -f /dev/shm/bb
        dd if=/dev/zero of=/tmp/big bs=1M count=40 2>/dev/null; say tmpsize "$(stat -c %s /tmp/big)"; rm -f /tmp/big
        dd if=/dev/zero of=/dev/shm/big bs=1M count=40 2>/dev/null; say shmsize "$(stat -c %s /dev/shm/big)"; rm -f /dev/shm/big
        if mount -t tmpfs none /tmp 2>/dev/null; then say mounted /tmp; fi
        mknod /tmp/disk b 254 0 2>/dev/null; if head -c 1 /tmp/disk >/dev/null 2>&1; then say device /tmp/disk; fi
        if chroot / true 2>/dev/null; then say chroot yes; fi
        say blockdevices "$(find /dev -type b | grep -c .)"
        say nofile "$(ulimit -Hn)"; say core "$(ulimit -Hc)"
        say hostname "$(hostname)"; say pid1 "$(tr '\0' ' ' </proc/1/cmdline | head -c 15)"
        say version "$(cut -d' ' -f3 /proc/version)"
        if timeout 2 nc -w 1 1.1.1.1 53 </dev/null 2>/dev/null; then say egress yes; fi
        """;

    [Fact]
    public async Task Sandbox_SeenFromInside_IsHardened()
    {
        var ended = await RunAsync(Spec(Probe));
        var facts = ended.Stdout.Split('\n').Where(l => l.Contains('=', StringComparison.Ordinal))
            .Select(l => l.Split('=', 2)).ToLookup(f => f[0], f => f[1].Trim(), StringComparer.Ordinal);

        string One(string name) => Assert.Single(facts[name]);
        Assert.Equal("65532", One("uid"));
        Assert.Equal("65532", One("groups"));
        foreach (var set in new[] { "CapInh:", "CapPrm:", "CapEff:", "CapBnd:" })
        {
            Assert.Equal("0000000000000000", One(set));
        }

        Assert.Equal("no_new_privs: 1", One("nnp"));
        Assert.Equal("2", One("seccomp"));
        Assert.Equal("lo", One("net"));
        Assert.Equal("0", One("routes"));
        Assert.Equal("0", One("blockdevices"));
        if (!Engine.NoResourceLimits)
        {
            Assert.Equal("1024", One("nofile"));
            Assert.Equal("0", One("core"));
        }

        Assert.Equal(Engine.Hostname, One("hostname"));
        Assert.StartsWith("/bin/busybox sh", One("pid1"), StringComparison.Ordinal);
        Assert.Equal("writable", One("tmp"));
        Assert.InRange(long.Parse(One("tmpsize"), provider: null), 1, 16 * 1024 * 1024);
        Assert.InRange(long.Parse(One("shmsize"), provider: null), 0, Engine.MostSharedMemory);
        foreach (var never in new[] { "writable", "mounted", "device", "chroot", "egress" })
        {
            Assert.Empty(facts[never]);
        }

        if (!Engine.MayExecuteTmp)
        {
            Assert.Empty(facts["exec"]);
        }

        AssertKernel(One("version"));
    }

    /// <summary>The kernel release that a process sees tells whether the runtime is what it claims.</summary>
    protected abstract void AssertKernel(string release);

    /// <summary>What gVisor calls its kernel, older and newer.</summary>
    private protected static readonly string[] GvisorReleases = ["4.4.0", "4.19.0-gvisor"];
}
