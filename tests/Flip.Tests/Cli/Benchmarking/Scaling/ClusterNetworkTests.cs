using Flip.Cli.Benchmarking.Scaling;

namespace Flip.Tests.Cli.Benchmarking.Scaling;

/// <summary>The times of what ranks exchange, against numbers worked out by hand.</summary>
public sealed class ClusterNetworkTests
{
    // 4 GPUs a host at 100 GB/s, cards of 10 GB/s; a hop takes 1 us within a host and 5 us between hosts; trees are out of reach.
    private static readonly ClusterNetwork Network = new(
        4, 100e9, 10e9, [new RingProtocol("ring", 0, 1e-6, 5e-6, 1)], [new RingProtocol("tree", 1, 0, 0, 1)]);

    [Fact]
    public void A_gather_on_one_host_is_a_ring_through_its_GPUs()
    {
        // 3 hops of 1 us; 3/4 of 40 MB at 100 GB/s are 300 us.
        Assert.Equal(303e-6, Network.Gather(40e6, 4), 9);
    }

    [Fact]
    public void A_gather_on_many_hosts_is_as_fast_as_all_cards_of_a_host()
    {
        // 8 GPUs on 2 hosts: 7 hops, 1 of them between hosts: 6 + 5 us. 4 cards of 10 GB/s are 40; 7/8 of 40 MB are 875 us.
        Assert.Equal(886e-6, Network.Gather(40e6, 8), 9);
        Assert.Equal(40e9, Network.RingBandwidth(8));
    }

    [Fact]
    public void A_gather_in_two_levels_is_one_across_hosts_and_one_within()
    {
        // Across 2 hosts: 5 us, and 1/2 of 10 MB at 10 GB/s are 500 us. Within: 3 us, and 3/4 of 40 MB at 100 GB/s are 300 us.
        Assert.Equal(808e-6, (Network with { TwoLevels = true }).Gather(40e6, 8), 9);
    }

    [Fact]
    public void A_sum_is_two_rings_or_two_trees_whichever_is_quicker()
    {
        Assert.Equal(2 * 886e-6, Network.Sum(40e6, 8), 9);

        // The tree: 2 x 3 hops of 1 us, 2 x 1 of 5 us, 2 x 4 KB at 40 GB/s are 0.2 us. The rings would take 22.175 us.
        var trees = Network with { Trees = Network.Rings };
        Assert.Equal(16.2e-6, trees.Sum(4e3, 8), 9);
    }

    [Fact]
    public void A_shift_is_as_fast_as_one_link()
    {
        Assert.Equal(101e-6, Network.Shift(10e6, 4), 9); // within a host
        Assert.Equal(1005e-6, Network.Shift(10e6, 8), 9); // between hosts, by one card
    }

    [Fact]
    public void A_protocol_has_a_start_a_share_of_the_bandwidth_and_a_most()
    {
        var slow = new RingProtocol("slow", 7e-6, 1e-6, 5e-6, 0.5, 20e9);
        Assert.Equal(7e-6 + 2e-6 + 5e-6 + 100e-6, slow.Seconds(2, 1, 1e6, 20e9), 9); // half of 20 GB/s
        Assert.Equal(7e-6 + 50e-6, slow.Seconds(0, 0, 1e6, 100e9), 9); // at most 20
    }

    [Fact]
    public void The_quickest_protocol_is_taken_for_each_size()
    {
        var network = ClusterNetwork.H100;

        // 256 GPUs on 32 hosts, 16 MiB: LL128's 14 + 224 x 1.9 + 31 x 4 = 563.6 us, and 255/256 of it at 0.92 x 370 GB/s: 49.1 us. Simple's hops alone take 1204 us.
        Assert.Equal(612.7e-6, network.Gather(1 << 24, 256), 6);

        // 4 GB: Simple's 8.4 + 224 x 3.4 + 31 x 14 = 1204 us, and 10768 us at 370 GB/s. LL128 would take 12268 us.
        Assert.Equal(11.97e-3, network.Gather(4e9, 256), 5);
    }

    [Fact]
    public void One_GPU_exchanges_nothing()
    {
        Assert.Equal(0, ClusterNetwork.H100.Gather(1e9, 1));
        Assert.Equal(0, ClusterNetwork.H100.Sum(1e9, 1));
        Assert.Equal(0, ClusterNetwork.H100.Shift(1e9, 1));
    }
}
