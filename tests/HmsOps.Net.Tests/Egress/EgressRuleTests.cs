using System.Net;
using HmsOps.Net.Egress;

namespace HmsOps.Net.Tests.Egress;

public sealed class EgressRuleTests
{
    [Theory]
    [InlineData("127.0.0.1", null)]
    [InlineData("::1", null)]
    [InlineData("10.1.2.3", null)]
    [InlineData("192.168.0.10", null)]
    [InlineData("8.8.8.8", null)]
    [InlineData("2001:db8::1", null)]
    [InlineData("fd00:ec2::253", null)]
    [InlineData("169.253.255.255", null)]
    [InlineData("169.255.0.0", null)]
    [InlineData("169.254.0.0", "a link-local address")]
    [InlineData("169.254.255.255", "a link-local address")]
    [InlineData("fe80::1", "a link-local address")]
    [InlineData("febf::1", "a link-local address")]
    [InlineData("169.254.169.254", "the cloud's metadata service")]
    [InlineData("::ffff:169.254.169.254", "the cloud's metadata service")]
    [InlineData("64:ff9b::a9fe:a9fe", "the cloud's metadata service")]
    [InlineData("fd00:ec2::254", "the cloud's metadata service")]
    [InlineData("0.0.0.0", "not the address of one machine")]
    [InlineData("::", "not the address of one machine")]
    [InlineData("224.0.0.1", "not the address of one machine")]
    [InlineData("255.255.255.255", "not the address of one machine")]
    [InlineData("ff02::1", "not the address of one machine")]
    public void Where_pages_may_go(string address, string? objection) => Assert.Equal(objection, EgressRule.Objection(IPAddress.Parse(address)));
}
