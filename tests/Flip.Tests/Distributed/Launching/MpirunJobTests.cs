using Flip.Distributed.Launching;

namespace Flip.Tests.Distributed.Launching;

/// <summary>What the launcher learns from the words of a job.</summary>
public sealed class MpirunJobTests
{
    [Theory]
    [InlineData("flip: rank 3 on node2: the disk is full", "node2")]
    [InlineData("flip: Rank 0 on node1 waited 13 s for the sum of 7 numbers; rank 1 on node2 did not come and does not answer. FLIP_COLLECTIVE_TIMEOUT is the limit in seconds.", "node2")]
    [InlineData("flip: Rank 0 on node1 waited 13 s for the sum of 7 numbers; ranks 1 on node2, 2 on node3 and 4 more did not come and do not answer.", "node3")]
    [InlineData("mpirun noticed that process rank 1 with PID 0 on node node2 exited on signal 9 (Killed).", "node2")]
    [InlineData("flip: Rank 0 on node1 waited 13 s for the sum of 7 numbers; rank 1 on node2 did not come, but answers.", null)]
    [InlineData("train    0%  16/48.0k", null)]
    public void A_lost_rank_is_found_in_its_words(string line, string? host) => Assert.Equal(host, MpirunJob.FailedHostOf(line));
}
