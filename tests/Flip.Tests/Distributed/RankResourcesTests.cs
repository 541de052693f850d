using Flip.Collectives;
using Flip.Devices;
using Flip.Distributed;

namespace Flip.Tests.Distributed;

/// <summary>Processors, GPUs and limits of the ranks of a machine.</summary>
public sealed class RankResourcesTests
{
    [Theory]
    [InlineData("0-3", new[] { "0-3" }, 4, 4)]
    [InlineData("0-3", new[] { "0-3", "0-3" }, 4, 2)]
    [InlineData("0-3", new[] { "0-3", "0-3", "0-3" }, 4, 1)]
    [InlineData("0", new[] { "0", "1" }, 1, 1)]
    [InlineData("0-1", new[] { "0-1", "0-3" }, 2, 1)]
    [InlineData("0-3", new[] { "0-1", "0-3" }, 4, 3)]
    [InlineData("0-63", new[] { "0-63", "0-63" }, 8, 4)]
    [InlineData("0,2,4-5", new[] { "0,2,4-5", "1,3" }, 4, 4)]
    [InlineData("0", new[] { "0", "0", "0" }, 1, 1)]
    [InlineData("", new[] { "", "" }, 6, 3)]
    public void A_rank_has_its_part_of_the_processors(string own, string[] host, int usable, int expected) =>
        Assert.Equal(expected, ProcessorShare.Of(ProcessorShare.Parse(own), [.. host.Select(ProcessorShare.Parse)], usable));

    [Theory]
    [InlineData("3-1")]
    [InlineData("a")]
    [InlineData("0-999999999")]
    public void What_is_no_list_of_processors_is_none(string list) => Assert.Empty(ProcessorShare.Parse(list));

    [Fact]
    public void The_part_is_read_where_threads_are_counted()
    {
        Assert.Equal(Environment.ProcessorCount, Processors.Available);
        Assert.Throws<ArgumentOutOfRangeException>(() => Processors.Share(0));
    }

    [Theory]
    [InlineData(null, 0, "0")]
    [InlineData(null, 3, "3")]
    [InlineData("4,5,6", 1, "5")]
    [InlineData("GPU-a, GPU-b", 1, "GPU-b")]
    [InlineData("4,5", 2, "")]
    [InlineData("7", 3, null)]
    [InlineData("", 0, null)]
    public void A_rank_takes_its_gpu_of_those_that_are_shown(string? list, int localRank, string? expected) => Assert.Equal(expected, VisibleDevices.Of(list, localRank));

    [Fact]
    public void Ranks_of_a_machine_are_numbered() => Assert.Equal(
        [new RankPlace(0, "a", 0, 2), new RankPlace(1, "b", 0, 1), new RankPlace(2, "a", 1, 2)],
        RankPlaces.Of(["a", "b", "a"]));

    [Fact]
    public void More_ranks_than_gpus_are_named()
    {
        var places = RankPlaces.Of(["a", "b", "b"]);
        Assert.Null(RankDevices.Problem(places, [true, true, true]));
        Assert.Null(RankDevices.Problem(places, [false, false, false]));
        Assert.Equal(
            "b has 2 ranks and 1 GPU: rank 2 finds none, and others do. Start one rank a GPU (mpirun --map-by ppr:N:node, srun --ntasks-per-node=N), or set train.device=cpu for all.",
            RankDevices.Problem(places, [true, true, false]));
        Assert.StartsWith("a has 1 rank and no GPU: rank 0 finds none", RankDevices.Problem(places, [false, true, true]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("ten")]
    [InlineData("NaN")]
    [InlineData("1e9")]
    public void A_time_out_that_is_none_is_refused(string text)
    {
        var failure = Assert.Throws<ConfigException>(() => CollectiveLimits.Of(text));
        Assert.Contains($"FLIP_COLLECTIVE_TIMEOUT={text}: must be seconds, more than 0 and at most 604800.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_out_is_seconds()
    {
        Assert.Equal(TimeSpan.FromSeconds(2.5), CollectiveLimits.Of("2.5").Timeout);
        Assert.Equal(TimeSpan.FromMinutes(10), CollectiveLimits.Of(null).Timeout);
    }

    [Fact]
    public void Notes_arrive_as_they_were()
    {
        var note = new RankNote(NoteKind.Failure, 7, "node7", "the disk is full: Ärger", [1, 3]);
        var come = RankNote.Of(note.ToBytes());
        Assert.Equal((note.Kind, note.Number, note.Host, note.Text), (come.Kind, come.Number, come.Host, come.Text));
        Assert.Equal([1, 3], come.Silent);
        Assert.InRange(new RankNote(NoteKind.Failure, 0, "", new string('x', 100_000), [.. Enumerable.Range(0, 5000)]).ToBytes().Length, 900, 4000);
    }

    [Fact]
    public void The_library_of_the_launcher_is_tried_first()
    {
        Assert.Equal("libmpi.so.40", Flip.Distributed.Interop.MpiLibrary.Candidates(openMpiFirst: true)[0]);
        Assert.Equal("libmpi.so.12", Flip.Distributed.Interop.MpiLibrary.Candidates(openMpiFirst: false)[0]);
    }
}
